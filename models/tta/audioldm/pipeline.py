"""AudioLDM for use."""

from __future__ import annotations

from pathlib import Path

import torch

from hiervox.models.tta._latent.config import LatentDiffusionExperiment
from hiervox.models.tta._latent.controls import LatentAudioControls
from hiervox.models.tta._latent.diffusion import LatentDiffusion
from hiervox.models.tta._latent.pipeline import LatentAudioPipeline, load_networks

AudioLDMPipeline = LatentAudioPipeline[LatentAudioControls, LatentDiffusion, LatentDiffusionExperiment]


def load_pipeline(folder: Path, device: str | torch.device = "cpu") -> AudioLDMPipeline:
    """Open a bundle with `autoencoder`, `diffusion` and, at will, a vocoder.

    Raises:
        CheckpointError: one is missing, broken, or of another part.
        ConfigError: the diffusion was trained on other latents.
    """
    networks = load_networks(folder, device, LatentDiffusion, LatentDiffusionExperiment)
    return AudioLDMPipeline(*networks, LatentAudioControls)
