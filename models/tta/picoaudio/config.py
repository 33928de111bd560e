"""What can be set in PicoAudio. Defaults are those of the published recipe."""

from __future__ import annotations

from pydantic import Field, PositiveFloat, PositiveInt

from hiervox.models.base.config import OptimizerConfig, ScheduleConfig
from hiervox.models.tta._latent.autoencoder import MelAutoencoderSizes
from hiervox.models.tta._latent.config import (
    AutoencoderExperiment,
    DiffusionOptimizerConfig,
    DiffusionTrainConfig,
    LatentDataConfig,
    LatentDiffusionExperiment,
    SoundDataConfig,
)
from hiervox.models.tta.picoaudio.network import PicoAudioSizes
from hiervox.processors.mel_presets import MelSection, mel_preset

SEGMENT_SAMPLES = 1024 * 160
MEL = "audioldm_64"


class AudioLDMAutoencoderSizes(MelAutoencoderSizes):
    """Those of audioldm-s-full."""

    n_mels: PositiveInt = 64
    multipliers: tuple[PositiveInt, ...] = Field((1, 2, 4), min_length=1)
    latent_channels: PositiveInt = 8
    attention: bool = True


class PicoSoundDataConfig(SoundDataConfig):
    """Recordings of 10.24 s."""

    segment_samples: PositiveInt | None = SEGMENT_SAMPLES


class PicoAutoencoderExperiment(AutoencoderExperiment):
    """A training run of the autoencoder."""

    data: PicoSoundDataConfig
    model: AudioLDMAutoencoderSizes = AudioLDMAutoencoderSizes()
    mel: MelSection = mel_preset(MEL)


class PicoDataConfig(LatentDataConfig):
    """Recordings of 10.24 s."""

    segment_samples: PositiveInt | None = SEGMENT_SAMPLES


class PicoOptimizerConfig(DiffusionOptimizerConfig):
    """AdamW at the published rate."""

    learning_rate: PositiveFloat = 3e-5


class PicoTrainConfig(DiffusionTrainConfig):
    """The training loop with the published optimizer; the rate falls linearly."""

    batch_size: PositiveInt = 4
    optimizer: OptimizerConfig = PicoOptimizerConfig()
    schedule: ScheduleConfig = ScheduleConfig(kind="linear")


class PicoAudioExperiment(LatentDiffusionExperiment):
    """A training run of PicoAudio.

    Attributes:
        model: sizes.
        min_snr: as published.
    """

    data: PicoDataConfig
    train: PicoTrainConfig = PicoTrainConfig()
    model: PicoAudioSizes = PicoAudioSizes()
    mel: MelSection = mel_preset(MEL)
    min_snr: PositiveFloat | None = 5.0
