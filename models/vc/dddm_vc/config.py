"""What can be set in DDDM-VC. Defaults are those of the published code (github.com/hayeong0/DDDM-VC)."""

from __future__ import annotations

from pathlib import Path

from pydantic import PositiveFloat, PositiveInt, model_validator

from hiervox.models.base.config import (
    DataConfig,
    ExperimentConfig,
    LossWeight,
    LossWeights,
    OptimizerConfig,
    TrainConfig,
)
from hiervox.models.base.data.setup import FeaturesConfig
from hiervox.models.vc._diffusion.config import (
    ConversionDataConfig,
    ConversionExperiment,
    ConversionScheduleConfig,
    require_f0_rate,
)
from hiervox.models.vc._diffusion.network import F0_PER_FRAME
from hiervox.models.vc.dddm_vc.networks.dddm_vc import DDDMSizes
from hiervox.models.vc.dddm_vc.networks.f0_quantizer import F0QuantizerSizes
from hiervox.processors.audio import HOP_LENGTH, PAD_MULTIPLE


class F0QuantizerLossConfig(LossWeights):
    """Weights of the loss terms.

    Attributes:
        reconstruction: squared error of the normalised F0.
        commitment: squared distance of the encoder's vectors from their entries.
    """

    reconstruction: LossWeight = 1.0
    commitment: LossWeight = 0.02


class F0QuantizerDataConfig(DataConfig):
    """Segments of contours, of recordings at 16 kHz."""

    pad_multiple: PositiveInt | None = PAD_MULTIPLE
    segment_samples: PositiveInt | None = 52 * HOP_LENGTH


class F0QuantizerOptimizerConfig(OptimizerConfig):
    """AdamW as published."""

    learning_rate: PositiveFloat = 2e-4


class F0QuantizerTrainConfig(TrainConfig):
    """The training loop with the published optimizer and batch."""

    batch_size: PositiveInt = 16
    optimizer: F0QuantizerOptimizerConfig = F0QuantizerOptimizerConfig()
    schedule: ConversionScheduleConfig = ConversionScheduleConfig()


class F0QuantizerExperiment(ExperimentConfig):
    """A training run of the quantiser of F0.

    Attributes:
        model: sizes.
        loss: weights.
        features: how F0 is tracked.
    """

    data: F0QuantizerDataConfig
    train: F0QuantizerTrainConfig = F0QuantizerTrainConfig()
    model: F0QuantizerSizes = F0QuantizerSizes()
    loss: F0QuantizerLossConfig = F0QuantizerLossConfig()
    features: FeaturesConfig = FeaturesConfig()

    @model_validator(mode="after")
    def _segments_fit(self) -> F0QuantizerExperiment:
        require_f0_rate(self.features)
        segment = self.data.segment_samples
        if segment is not None and segment // HOP_LENGTH * F0_PER_FRAME % self.model.ratio:
            multiple = self.model.ratio * HOP_LENGTH // F0_PER_FRAME
            raise ValueError(f"data.segment_samples must be a multiple of {multiple}, a code's samples")
        return self


class DDDMLossConfig(LossWeights):
    """Weights of the loss terms.

    Attributes:
        diffusion: squared error of both scores' sum as an estimate of the noise.
        mel: L1 of both priors' sum.
    """

    diffusion: LossWeight = 1.0
    mel: LossWeight = 1.0


class DDDMDataConfig(ConversionDataConfig):
    """Segments of recordings.

    Attributes:
        f0_quantizer: the run or checkpoint of the quantiser of F0.
    """

    f0_quantizer: Path = Path("exp/runs/f0_quantizer")


class DDDMExperiment(ConversionExperiment):
    """A training run of the converter.

    Attributes:
        loss: weights.
    """

    data: DDDMDataConfig
    model: DDDMSizes = DDDMSizes()
    loss: DDDMLossConfig = DDDMLossConfig()
