"""What can be set in DiffWaveNetSVC. Defaults are those of the published recipe."""

from __future__ import annotations

from pydantic import PositiveFloat, PositiveInt

from hiervox.models.base.config import LossWeight, LossWeights
from hiervox.models.svc._singing.config import (
    SingingExperiment,
    SingingOptimizerConfig,
    SingingTrainConfig,
)
from hiervox.models.svc.diffwavenet_svc.network import DiffWaveNetSVCSizes


class DiffWaveNetSVCLossConfig(LossWeights):
    """Weights of the loss terms.

    Attributes:
        noise: squared error of the noise.
        prior: mean absolute error of the predicted spectrogram, where `model.prior` is set; not published.
    """

    noise: LossWeight = 1.0
    prior: LossWeight = 1.0


class DiffusionOptimizerConfig(SingingOptimizerConfig):
    """AdamW at the published rate."""

    learning_rate: PositiveFloat = 2e-4


class DiffusionTrainConfig(SingingTrainConfig):
    """The training loop with the published optimizer and batch."""

    batch_size: PositiveInt = 32
    optimizer: DiffusionOptimizerConfig = DiffusionOptimizerConfig()


class DiffWaveNetSVCExperiment(SingingExperiment):
    """A training run of DiffWaveNetSVC.

    Attributes:
        loss: weights.
    """

    train: DiffusionTrainConfig = DiffusionTrainConfig()
    model: DiffWaveNetSVCSizes = DiffWaveNetSVCSizes()
    loss: DiffWaveNetSVCLossConfig = DiffWaveNetSVCLossConfig()
