"""Training of AudioLDM's diffusion."""

from __future__ import annotations

from hiervox.models.tta._latent.config import LatentDiffusionExperiment
from hiervox.models.tta._latent.tasks import LatentDiffusionTask


class AudioLDMTask(LatentDiffusionTask[LatentDiffusionExperiment]):
    """The U-Net tells the noise in latents under a caption."""
