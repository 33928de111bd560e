"""Which frames are which phonemes, learnt without anybody telling: with blanks, and without."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from hiervox.modules.functional.masking import sequence_mask

BLANK = 0
BLANK_LOG_ATTENTION = -1.0
"""Of the blank beside the tokens of an attention (the published code)."""


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


def forward_sum_loss(
    logits: Tensor, frame_lengths: Tensor, targets: Tensor, target_lengths: Tensor
) -> Tensor:
    """Negative log-likelihood of the frames, each of which belongs to one of the targets, per target.

    The sum over all monotonic segmentations, as of an HMM, whose densities are those of `phoneme_evidence`.
    CTC, in contrast, marks each target in one frame and calls the others blank; and without blanks, one
    frequent symbol takes that part, unless the symbols' own frequencies are divided out (Huang et al. 2024,
    "Less peaky and more accurate CTC forced alignment by label priors").

    Args:
        logits: (B, V, T) over the V symbols; that of symbol 0, the blank, is not looked at.
        frame_lengths: (B,), each at least the item's target length.
        targets: (B, L) symbols without blanks.
        target_lengths: (B,).
    """
    evidence = phoneme_evidence(logits, sequence_mask(frame_lengths, logits.shape[2]))
    frames = evidence.permute(2, 0, 1).gather(2, targets.expand(logits.shape[2], -1, -1))
    impossible = frames.new_full((1,), -1e30)  # infinity has no gradient
    start = torch.arange(targets.shape[1], device=targets.device) == 0
    state = torch.where(start, frames[0], impossible)
    real = sequence_mask(frame_lengths, logits.shape[2]).permute(2, 0, 1).squeeze(2) > 0
    for frame in range(1, len(frames)):
        stepped = torch.cat([impossible.expand(len(state), 1), state[:, :-1]], dim=1)
        advanced = torch.logaddexp(state, stepped) + frames[frame]
        state = torch.where(real[frame].unsqueeze(1), advanced, state)
    likelihood = state.gather(1, target_lengths.unsqueeze(1) - 1).squeeze(1)
    return (-likelihood / target_lengths).mean()


def attention_ctc_loss(log_attention: Tensor, frame_lengths: Tensor, token_lengths: Tensor) -> Tensor:
    """Forward sum of an attention: CTC of the tokens in their order (arXiv 2108.10447, equation 2).

    A blank of log-probability `BLANK_LOG_ATTENTION` is put beside the tokens. Each item's value is divided by
    its token length, then the batch's mean.

    Args:
        log_attention: (B, N, L) of frames over tokens.
        frame_lengths, token_lengths: (B,).
    """
    with_blank = F.pad(log_attention.float(), (1, 0), value=BLANK_LOG_ATTENTION)
    size = log_attention.shape[2]
    real = sequence_mask(token_lengths + 1, size + 1) > 0
    logits = with_blank.masked_fill(~real, torch.finfo(torch.float32).min).mT
    targets = torch.arange(1, size + 1, device=logits.device).expand(len(logits), -1)
    return ctc_loss(logits, frame_lengths, targets, token_lengths)


def binarization_loss(log_attention: Tensor, alignment: Tensor) -> Tensor:
    """Minus the mean log-attention along a path, then the batch's mean (arXiv 2108.10447, equation 6).

    Args:
        log_attention: (B, N, L).
        alignment: (B, N, L) of 0 and 1.
    """
    return -((log_attention * alignment).sum((1, 2)) / alignment.sum((1, 2))).mean()


def phoneme_evidence(logits: Tensor, mask: Tensor) -> Tensor:
    """Log-ratio of each symbol's probability in a frame to its mean over the batch's frames, without blanks.

    By Bayes' rule that is the density of the frame, given the symbol, against that of any frame. The batch is
    that of this process: with several, each has its own mean.

    Args:
        logits: (B, V, T).
        mask: (B, 1, T) of real frames.

    Returns:
        (B, V, T), float32; the blank's is very low.
    """
    log_posterior = F.log_softmax(logits[:, 1:].float(), dim=1)
    real = mask.float().log()  # 0 or minus infinity
    log_prior = torch.logsumexp(log_posterior + real, dim=(0, 2), keepdim=True) - mask.float().sum().log()
    unlikely = torch.full_like(log_posterior[:, :1], -1e4)
    return torch.cat([unlikely, log_posterior - log_prior], dim=1)
