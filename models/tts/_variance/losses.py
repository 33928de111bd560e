"""The loss terms of what the variance adaptor predicts (FastSpeech 2, arXiv 2006.04558, section 2.3)."""

from __future__ import annotations

import torch
from torch import Tensor

from hiervox.models.tts._variance.variance_adaptor import VarianceOutput
from hiervox.modules.losses.reconstruction import masked_mse


def variance_losses(variances: VarianceOutput, token_mask: Tensor) -> dict[str, Tensor]:
    """`duration`, `pitch` and `energy`, squared errors, of a pass with targets.

    Args:
        variances: of the adaptor.
        token_mask: (B, 1, L).
    """
    log_durations = torch.log(variances.durations.float() + 1).unsqueeze(1)
    terms = {"duration": masked_mse(variances.log_durations, log_durations, token_mask)}
    for name in ("pitch", "energy"):
        predicted, target, own_mask = (
            getattr(variances, key) for key in (name, f"{name}_target", f"{name}_mask")
        )
        terms[name] = masked_mse(predicted, target, own_mask)
    return terms
