"""Connectionist temporal classification of frames into phonemes."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

BLANK = 0


def ctc_loss(logits: Tensor, frame_lengths: Tensor, targets: Tensor, target_lengths: Tensor) -> Tensor:
    """CTC with symbol 0 as its blank: each item's value divided by its target length, then the batch's mean.

    An item with too few frames for its targets has no path; it counts as 0 instead of infinity.

    Args:
        logits: (B, V, T) over the V symbols.
        frame_lengths: (B,).
        targets: (B, L) symbols without blanks.
        target_lengths: (B,).
    """
    log_probabilities = F.log_softmax(logits.float(), dim=1).permute(2, 0, 1)
    return F.ctc_loss(
        log_probabilities,
        targets,
        frame_lengths,
        target_lengths,
        blank=BLANK,
        reduction="mean",
        zero_infinity=True,
    )
