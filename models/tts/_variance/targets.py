"""Pitch and energy of recordings, as networks learn to predict them."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from hiervox.models.tts._variance.config import VarianceModelConfig
from hiervox.models.tts._variance.durations import mean_by_durations
from hiervox.models.tts._variance.variance_adaptor import VarianceTargets
from hiervox.modules.functional.interpolation import interpolate_unvoiced


def variance_targets(
    model: VarianceModelConfig, f0: Tensor, energy: Tensor, mask: Tensor, durations: Tensor
) -> VarianceTargets:
    """Pitch and energy of a batch, at the levels that the config names.

    F0 of a token is the mean over its frames, those that are unvoiced filled by straight lines; of a
    frame it is 0 where unvoiced. All as published.

    Args:
        model: the config.
        f0: (B, N or so), Hz, 0 where unvoiced.
        energy: (B, N).
        mask: (B, 1, N) of real frames.
        durations: (B, L) whole frames.
    """
    frames = mask.shape[2]
    f0 = F.pad(f0[:, :frames], (0, max(0, frames - f0.shape[1]))).unsqueeze(1)
    energy = energy.unsqueeze(1)
    if model.pitch.level == "token":
        f0 = mean_by_durations(interpolate_unvoiced((f0 * mask).squeeze(1)).unsqueeze(1), durations)
    if model.energy.level == "token":
        energy = mean_by_durations(energy, durations)
    return VarianceTargets(durations, f0, energy)
