"""What can be set in WaveGrad 2. Defaults are Base (arXiv 2106.09660, section 3) at the paper's 24 kHz."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import torch
from pydantic import Field, PositiveFloat, PositiveInt, TypeAdapter, model_validator

from hiervox.models.base.config import (
    Beta,
    ExperimentConfig,
    LossWeight,
    LossWeights,
    OptimizerConfig,
    ScheduleConfig,
    TrainConfig,
)
from hiervox.models.base.data.setup import FeaturesConfig
from hiervox.models.tts._voices.config import SpeakerSizes
from hiervox.models.tts.speakers import require_names, share_speakers
from hiervox.models.tts.wavegrad2.networks.tacotron_encoder import TacotronEncoderSizes
from hiervox.modules.diffusion.process import Betas, NoiseSchedule
from hiervox.modules.diffusion.wavegrad import ScoreSizes
from hiervox.modules.diffusion.wavegrad_blocks import Interpolation
from hiervox.processors.mel_presets import MelSection, mel_preset
from hiervox.processors.spectrogram import SpectrogramConfig
from hiervox.processors.text.config import TextConfig
from hiervox.utils.config import Config, filled


class ResamplingSizes(Config):
    """Durations, ranges, and Gaussian upsampling to frames (section 2.2).

    Attributes:
        duration_channels, range_channels: of the predictors' LSTMs, each direction.
        n_layers: of these.
        frame_offset: where in its frame a frame is sampled; published weights have 0, its beginning.
        epsilon: of the normalisation, see `gaussian_alignment`; published weights have 1e-8.
    """

    duration_channels: PositiveInt = 512
    range_channels: PositiveInt = 512
    n_layers: PositiveInt = 2
    frame_offset: float = Field(0.5, ge=0, lt=1)
    epsilon: float = Field(0.0, ge=0)


class DecoderSizes(ScoreSizes):
    """The score network; its input is the resampled text, with the speaker vector where there is one.

    `blocks_per_rate: 2`, with all dilations (1, 2, 4, 8), is Large.
    """

    in_channels: PositiveInt = 512
    dilations: tuple[tuple[PositiveInt, ...], ...] = (
        (1, 2, 4, 8),
        (1, 2, 4, 8),
        (1, 2, 4, 8),
        (1, 2, 1, 2),
        (1, 2, 1, 2),
    )
    interpolation: Interpolation = "linear"


class WaveGrad2Config(SpeakerSizes):
    """The network.

    Attributes:
        n_symbols: size of the phoneme table.
        sample_rate: Hz; the product of the decoder's rates is a frame, 12.5 ms by default.
        style_channels: of the speaker vector, which stands behind each token's encoding.
        text_encoder: without the paper's zoneout; the paper's larger ones have 1024 and 2048 channels. The
            convolutions of published weights are not kept from padding.
        resampling, decoder: sizes of the other parts.
        segment_frames: frames that the decoder learns from in each step: 256 are 3.2 s; the paper found 0.8 s
            too short to learn from text.
        sampling_steps: at inference, where the controls do not say.
        schedules: noise schedules of inference, each used for its number of steps; for any other number the
            training schedule is respaced.
        single_precision: compute `schedules` in single precision, as published: the first steps' coefficients
            are off by several per cent.
    """

    n_symbols: PositiveInt = 178
    sample_rate: PositiveInt = 24_000
    style_channels: PositiveInt = 64
    mel_channels: PositiveInt = 128
    text_encoder: TacotronEncoderSizes = TacotronEncoderSizes()
    resampling: ResamplingSizes = ResamplingSizes()
    decoder: DecoderSizes = DecoderSizes()
    segment_frames: PositiveInt = 256
    sampling_steps: PositiveInt = 50
    schedules: tuple[Betas, ...] = ()
    single_precision: bool = False

    @model_validator(mode="after")
    def _sizes_fit(self) -> WaveGrad2Config:
        wanted = self.text_encoder.channels + self.condition_channels
        if self.decoder.in_channels != wanted:
            raise ValueError(
                f"decoder.in_channels must be {wanted}, text_encoder.channels and those of the speaker vector"
            )
        steps = [len(betas) for betas in self.schedules]
        if 0 in steps or len(set(steps)) < len(steps):
            raise ValueError("schedules must have different numbers of steps, none of them 0")
        if self.sampling_steps > self.decoder.n_steps:
            raise ValueError(f"sampling_steps can be at most decoder.n_steps, {self.decoder.n_steps}")
        return self

    @property
    def frame_rate(self) -> float:
        """Frames a second."""
        return self.sample_rate / self.decoder.hop_length

    def schedule(self, steps: int | None = None) -> NoiseSchedule:
        """The noise schedule of so many steps of inference, by default `sampling_steps`.

        One of `schedules`, or the training schedule respaced, which ends at the same noise. The published
        code's `--steps 50`, linear betas up to 0.01, takes for noise what has 78 % of the signal's power.

        Args:
            steps: 1 to `decoder.n_steps`.
        """
        steps = self.sampling_steps if steps is None else steps
        for betas in self.schedules:
            if len(betas) == steps:
                return NoiseSchedule(betas, torch.float if self.single_precision else torch.double)
        return self.decoder.schedule.respaced(steps)


class WaveGrad2LossConfig(LossWeights):
    """Weights of the loss terms (section 2.4).

    Attributes:
        noise: L1 of the noise in windows of the waveform.
        duration: squared error of the durations, in seconds.
    """

    noise: LossWeight = 1.0
    duration: LossWeight = 1.0


class WaveGrad2OptimizerConfig(OptimizerConfig):
    """Adam, as in the open implementation."""

    name: Literal["Adam", "AdamW", "Adamax", "NAdam", "RAdam"] = "Adam"
    learning_rate: PositiveFloat = 3e-4
    betas: tuple[Beta, Beta] = (0.9, 0.999)
    eps: PositiveFloat = 1e-8
    weight_decay: float = Field(1e-6, ge=0)


class WaveGrad2ScheduleConfig(ScheduleConfig):
    """From step 25,000 to 100,000 the rate falls to 5 %, where it stays (the open implementation)."""

    decay: float = Field(0.05 ** (1 / 75_000), gt=0, le=1)
    every: Literal["epoch", "step"] = "step"
    hold: int = Field(25_000, ge=0)
    final_ratio: float = Field(0.05, ge=0, le=1)


class WaveGrad2TrainConfig(TrainConfig):
    """The training loop with the open implementation's optimizer and batch, on weights that are averaged.

    Its own average gives the newest weights 99.9 % of the weight, which averages next to nothing; this one
    gives them 0.1 %.
    """

    batch_size: PositiveInt = 12
    clip_norm: PositiveFloat | None = 1.0
    optimizer: WaveGrad2OptimizerConfig = WaveGrad2OptimizerConfig()
    schedule: WaveGrad2ScheduleConfig = WaveGrad2ScheduleConfig()
    ema_decay: float | None = Field(0.999, gt=0, lt=1)


class WaveGrad2Experiment(ExperimentConfig):
    """A training run of WaveGrad 2.

    Attributes:
        model: sizes.
        loss: weights.
        features: `speaker.names` are `model.speakers`, where there are several.
        text: languages and symbols; the table has room for each of the symbols.
        mel: of references and pictures; its frames are those of the durations.
    """

    train: WaveGrad2TrainConfig = WaveGrad2TrainConfig()
    model: WaveGrad2Config = WaveGrad2Config()
    loss: WaveGrad2LossConfig = WaveGrad2LossConfig()
    features: FeaturesConfig = FeaturesConfig()
    text: TextConfig = TextConfig()
    mel: MelSection = mel_preset("wavegrad")

    @model_validator(mode="before")
    @classmethod
    def _share(cls, given: Any) -> Any:
        """Data and model have the spectrograms' rate; the table's names number the data's speakers."""
        if not isinstance(given, Mapping):
            return given
        mel: SpectrogramConfig = TypeAdapter(MelSection).validate_python(given.get("mel", "wavegrad"))
        rate = {"sample_rate": mel.sample_rate}
        sections = {name: given.get(name, {}) for name in ("data", "model")}
        known = {name: filled(one, rate) for name, one in sections.items() if isinstance(one, Mapping)}
        return share_speakers({**given, **known})

    @model_validator(mode="after")
    def _fits_together(self) -> WaveGrad2Experiment:
        if not self.mel.sample_rate == self.data.sample_rate == self.model.sample_rate:
            raise ValueError(f"data and mel must have model.sample_rate, {self.model.sample_rate}")
        if self.mel.hop_length != self.model.decoder.hop_length:
            raise ValueError(
                f"mel.hop_length must be {self.model.decoder.hop_length}, the product of model.decoder.rates"
            )
        if self.mel.n_mels != self.model.mel_channels:
            raise ValueError(f"model.mel_channels must be mel.n_mels, {self.mel.n_mels}")
        self.text.require_rows(self.model.n_symbols)
        require_names(self.features.speaker.names, self.model.speakers)
        return self
