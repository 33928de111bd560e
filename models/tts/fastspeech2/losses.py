"""The loss terms of FastSpeech 2 (arXiv 2006.04558, sections 2.2 and 2.3)."""

from __future__ import annotations

from torch import Tensor

from hiervox.models.tts._variance.losses import variance_losses
from hiervox.models.tts.fastspeech2.network import FastSpeech2Output
from hiervox.modules.functional.masking import sequence_mask
from hiervox.modules.losses.reconstruction import masked_l1


def fastspeech2_losses(output: FastSpeech2Output, mel: Tensor, token_mask: Tensor) -> dict[str, Tensor]:
    """Unweighted terms of a pass with targets.

    Args:
        output: of the network.
        mel: (B, M, N), the recordings' log-mel.
        token_mask: (B, 1, L).
    """
    mask = sequence_mask(output.variances.frame_lengths, mel.shape[2])
    terms = {"mel": masked_l1(output.mel, mel, mask), **variance_losses(output.variances, token_mask)}
    if output.post_net_mel is not output.mel:
        terms["post_net_mel"] = masked_l1(output.post_net_mel, mel, mask)
    return terms
