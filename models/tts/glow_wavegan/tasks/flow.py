"""Training of Glow-WaveGAN's flow from text to the latent (arXiv 2106.10831)."""

from __future__ import annotations

from functools import cached_property

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.checkpoint import load_named
from hiervox.models.base.data.batch import Batch
from hiervox.models.tts._flow.task import FlowTask
from hiervox.models.tts.glow_wavegan.config import LatentFlowExperiment, WaveGanExperiment
from hiervox.models.tts.glow_wavegan.network import WaveGan
from hiervox.modules.normalization.weight_norm import remove_weight_norm
from hiervox.utils.errors import ConfigError


class LatentFlowTask(FlowTask[LatentFlowExperiment]):
    """Frames are samples of a trained autoencoder's latent, which stays as it is."""

    @cached_property
    def wavegan(self) -> WaveGan:
        """The autoencoder that `data.wavegan` names.

        Raises:
            CheckpointError: it is missing or broken.
            ConfigError: it is something else, or its latent is not what the flow's config says.
        """
        path = self.config.data.wavegan
        network, experiment = load_named("data.wavegan", path, WaveGan, WaveGanExperiment, "name a WaveGAN")
        require_same_latent(self.config, experiment)
        remove_weight_norm(network)
        return network.requires_grad_(False)

    def frames(self, batch: Batch, training: bool) -> Tensor:
        """The latent (B, C, N) of the clips: a sample in training, its mean otherwise."""
        wav = batch["wav"]
        with torch.no_grad(), torch.autocast(wav.device.type, enabled=False):
            return self.wavegan.to(wav.device).latent(wav.float(), 1.0 if training else 0.0)


def require_same_latent(flow: LatentFlowExperiment, wavegan: WaveGanExperiment) -> None:
    """Refuse an autoencoder whose latent is not the flow's.

    Raises:
        ConfigError: naming both values of what differs.
    """
    pairs = {
        "latent channels": (flow.model.frame_channels, wavegan.model.latent_channels),
        "sample_rate": (flow.mel.sample_rate, wavegan.mel.sample_rate),
        "hop_length": (flow.mel.hop_length, wavegan.mel.hop_length),
    }
    differ = [f"{name} {own} against {other}" for name, (own, other) in pairs.items() if own != other]
    if differ:
        raise ConfigError(
            f"the flow and the WaveGAN differ: {', '.join(differ)}", "train the flow on that WaveGAN's latent"
        )
