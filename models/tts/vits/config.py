"""What can be set in VITS. Defaults are the published LJ Speech model's (arXiv 2106.06103, appendix B)."""

from __future__ import annotations

from hiervox.models.base.config import LossWeight
from hiervox.models.tts._vae.config import LatentExperiment, LatentLossConfig, LatentModelConfig


class VitsConfig(LatentModelConfig):
    """The network."""


class VitsLossConfig(LatentLossConfig):
    """Weights of the loss terms (section 2.4; the published code).

    Attributes:
        kl: of the posterior against the aligned text's prior.
    """

    kl: LossWeight = 1.0


class VitsExperiment(LatentExperiment):
    """A training run of VITS."""

    model: VitsConfig = VitsConfig()
    loss: VitsLossConfig = VitsLossConfig()
