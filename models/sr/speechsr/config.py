"""What can be set in SpeechSR. Defaults are the published config's of each rate, where it names a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, PositiveInt, Tag, model_validator

from hiervox.models.base.config import DataConfig, LossWeight
from hiervox.models.base.training.adversarial_config import AdversarialExperiment, AdversarialLossConfig
from hiervox.modules.convolutions.convnext import ConvNeXtSizes
from hiervox.processors.audio import FRAME_RATE
from hiervox.processors.spectrogram import SpectrogramConfig
from hiervox.utils.config import Config, filled

INPUT_RATE = 16_000
"""Hz; the rate that HierSpeech++ speaks at, and the only one that SpeechSR reads."""

_SEGMENT_SAMPLES = 9600
_WINDOW_LENGTHS = (2048, 1024, 512, 256, 128)


def _discriminators(*window_lengths: int) -> dict[str, Any]:
    return {
        "stft": {"type": "multi_resolution_stft", "window_lengths": window_lengths},
        "period": {"type": "multi_period"},
        "wavelet": {"type": "wavelet"},
    }


# The authors' config.json of each rate, and the number of steps of the checkpoint they published.
_OF_RATE: dict[int, dict[str, Any]] = {
    24_000: {
        "mel": {
            "sample_rate": 24_000,
            "n_fft": 960,
            "win_length": 960,
            "hop_length": 240,
            "n_mels": 100,
            "f_max": 12_000.0,
        },
        "discriminators": _discriminators(*_WINDOW_LENGTHS),
        "data": {
            "sample_rate": 24_000,
            "hop_length": 24_000 // FRAME_RATE,
            "max_frames": _SEGMENT_SAMPLES * FRAME_RATE // 24_000,
        },
        "train": {"max_steps": 340_000, "schedule": {"decay": 0.999}},
    },
    48_000: {
        "mel": {
            "sample_rate": 48_000,
            "n_fft": 1280,
            "win_length": 1280,
            "hop_length": 320,
            "n_mels": 128,
            "f_max": 24_000.0,
        },
        "discriminators": _discriminators(4096, *_WINDOW_LENGTHS),
        "data": {
            "sample_rate": 48_000,
            "hop_length": 48_000 // FRAME_RATE,
            "max_frames": _SEGMENT_SAMPLES * FRAME_RATE // 48_000,
        },
        "train": {"max_steps": 100_000, "schedule": {"decay": 0.995}},
    },
}


class SpeechSRConfig(Config):
    """Sizes of the published network; the same at both rates.

    Attributes:
        kind: of the network; this one is made of AMP blocks.
        rate: of the output, Hz.
        channels: of the one stage behind the interpolation.
        kernel_sizes: one AMP block for each; odd.
        dilations: of the residual pairs of each AMP block.
    """

    kind: Literal["amp"] = "amp"
    rate: Literal[24_000, 48_000] = 24_000
    channels: PositiveInt = 32
    kernel_sizes: tuple[PositiveInt, ...] = Field((3, 7, 11), min_length=1)
    dilations: tuple[tuple[PositiveInt, ...], ...] = ((1, 3, 5), (1, 3, 5), (1, 3, 5))

    @model_validator(mode="after")
    def _check_blocks(self) -> SpeechSRConfig:
        if len(self.dilations) != len(self.kernel_sizes):
            raise ValueError(
                f"{len(self.dilations)} entries in dilations for {len(self.kernel_sizes)} kernel_sizes"
            )
        if any(kernel_size % 2 == 0 for kernel_size in self.kernel_sizes):
            raise ValueError("kernel_sizes must be odd")
        return self


class SpectralSpeechSRConfig(Config):
    """Sizes of the light network, `hiervox.models.sr.speechsr.networks.spectral`.

    Attributes:
        kind: of the network; this one ends in an inverse short-time Fourier transform.
        rate: of the output, Hz.
        channels, n_blocks, kernel_size: of the ConvNeXt blocks.
        expansion: hidden channels of a block over its channels.
    """

    kind: Literal["istft"]
    rate: Literal[24_000, 48_000] = 24_000
    channels: PositiveInt = 128
    n_blocks: PositiveInt = 4
    kernel_size: PositiveInt = 7
    expansion: PositiveInt = 3

    @property
    def block(self) -> ConvNeXtSizes:
        """Of each ConvNeXt block."""
        return ConvNeXtSizes(
            channels=self.channels,
            hidden_channels=self.expansion * self.channels,
            kernel_size=self.kernel_size,
        )

    @model_validator(mode="after")
    def _check_kernel(self) -> SpectralSpeechSRConfig:
        if self.kernel_size % 2 == 0:
            raise ValueError("kernel_size must be odd")
        return self


def _kind_of(model: Any) -> str:
    """Configs that are older than the choice name no kind."""
    given = model.get("kind", "amp") if isinstance(model, Mapping) else getattr(model, "kind", "amp")
    return str(given)


AnySpeechSRConfig = Annotated[
    Annotated[SpeechSRConfig, Tag("amp")] | Annotated[SpectralSpeechSRConfig, Tag("istft")],
    Discriminator(_kind_of),
]


class SpeechSRLossConfig(AdversarialLossConfig):
    """Weights of the loss terms; `docs/guides/super_resolution.md` says where each comes from."""

    mel: LossWeight = 45.0


class SpeechSRDataConfig(DataConfig):
    """Recordings at the output rate or above; their low-rate twins are made from them.

    Attributes:
        max_frames: length of the random segments in 20 ms frames; by default that of the published 9600
            samples at the output rate.
        allow_band_limited: take recordings below the output rate too. They are upsampled, and nothing stands
            in the band that the network is to learn.
    """

    allow_band_limited: bool = False


class SpeechSRExperiment(AdversarialExperiment):
    """A training run of SpeechSR. What is not set follows `model.rate`, as the authors had it.

    Attributes:
        model: which network, its sizes, and the output rate.
        loss: weights.
        discriminators: of waveforms at the output rate.
        mel: of the mel loss, at the output rate.
        data: see `SpeechSRDataConfig`.
    """

    model: AnySpeechSRConfig = SpeechSRConfig()
    loss: SpeechSRLossConfig = SpeechSRLossConfig()
    mel: SpectrogramConfig
    data: SpeechSRDataConfig

    @model_validator(mode="before")
    @classmethod
    def _follow_rate(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        model = given.get("model", {})
        rate = model.get("rate", 24_000) if isinstance(model, Mapping) else getattr(model, "rate", None)
        if not isinstance(rate, int | float) or rate not in _OF_RATE:
            return given
        defaults = dict(_OF_RATE[int(rate)])
        if "discriminators" in given:  # those that are named, and no others
            named = given["discriminators"]
            defaults["discriminators"] = {
                name: sizes
                for name, sizes in defaults["discriminators"].items()
                if isinstance(named, Mapping) and name in named and _has_no_type(named[name])
            }
        return filled(given, defaults)

    @model_validator(mode="after")
    def _check_lengths(self) -> SpeechSRExperiment:
        if self.mel.sample_rate != self.model.rate:
            raise ValueError(f"mel.sample_rate must be model.rate, {self.model.rate}")
        if self.data.sample_rate != self.model.rate:
            raise ValueError(f"data.sample_rate must be model.rate, {self.model.rate}")
        longest = max(self.discriminator_samples, self.mel.n_fft)
        frames = self.data.max_frames
        if frames is not None and frames * self.model.rate // FRAME_RATE < longest:
            raise ValueError(f"data.max_frames is too short for a window of {longest} samples")
        return self


def _has_no_type(entry: Any) -> bool:
    return isinstance(entry, Mapping) and "type" not in entry
