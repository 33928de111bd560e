"""The loss terms of FastSpeech 2 (arXiv 2006.04558, sections 2.2 and 2.3)."""

from __future__ import annotations

import torch
from torch import Tensor

from hiervox.models.tts.fastspeech2.networks.fastspeech2 import FastSpeech2Output
from hiervox.modules.functional.masking import sequence_mask
from hiervox.modules.losses.reconstruction import masked_l1, masked_mse


def fastspeech2_losses(output: FastSpeech2Output, mel: Tensor, token_mask: Tensor) -> dict[str, Tensor]:
    """Unweighted terms of a pass with targets.

    Args:
        output: of the network.
        mel: (B, M, N), the recordings' log-mel.
        token_mask: (B, 1, L).
    """
    variances = output.variances
    mask = sequence_mask(variances.frame_lengths, mel.shape[2])
    log_durations = torch.log(variances.durations.float() + 1).unsqueeze(1)
    terms = {
        "mel": masked_l1(output.mel, mel, mask),
        "duration": masked_mse(variances.log_durations, log_durations, token_mask),
    }
    if output.post_net_mel is not output.mel:
        terms["post_net_mel"] = masked_l1(output.post_net_mel, mel, mask)
    for name in ("pitch", "energy"):
        predicted, target, own_mask = (
            getattr(variances, key) for key in (name, f"{name}_target", f"{name}_mask")
        )
        terms[name] = masked_mse(predicted, target, own_mask)
    return terms
