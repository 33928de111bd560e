"""Spectrograms in torch: differentiable, at any rate, on the waveform's device."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, PositiveFloat, PositiveInt, model_validator
from torch import Tensor
from torch.nn import functional

from hiervox.processors.mel import mel_filters
from hiervox.utils.config import Config


class SpectrogramConfig(Config):
    """What a spectrogram is; defaults are those of the published HierSpeech++ code.

    `hiervox.processors.mel_presets` has those of other systems.

    Attributes:
        sample_rate: of the waveform, Hz.
        n_fft, win_length, hop_length: in samples.
        n_mels: mel bins.
        f_min, f_max: edges of the lowest and the highest mel triangle, Hz.
        framing: `trimmed` centres frames on the hops and drops the last, which lies on the end: T // hop
            frames; `centered` keeps it: T // hop + 1; `between` centres frames between the hops, as HiFi-GAN
            does: T // hop. Edges are reflected.
        mel_scale, mel_norm: of the filters: HTK's or Slaney's scale, triangles of height 1 or of one area.
        power: of the magnitude in the mel bins.
        magnitude_epsilon: added to the power of every frequency bin before its root is taken.
        window_norm: whether the transform is divided by the window's 2-norm.
        log: natural or decadic logarithm, or decibel (20 log10).
        floor: the least value under the logarithm.
        floor_mode: whether `floor` is added, or smaller values are raised to it.
        decibel_range, decibel_reference: with `log` decibel, levels from `decibel_reference -
            decibel_range` to `decibel_reference` are mapped to 0 to 1, and those beyond to its ends.
    """

    sample_rate: PositiveInt = 16000
    n_fft: PositiveInt = 1280
    win_length: PositiveInt = 1280
    hop_length: PositiveInt = 320
    n_mels: PositiveInt = 80
    f_min: float = Field(0.0, ge=0)
    f_max: PositiveFloat = 8000.0
    framing: Literal["trimmed", "centered", "between"] = "trimmed"
    mel_scale: Literal["htk", "slaney"] = "htk"
    mel_norm: Literal["slaney"] | None = None
    power: Literal[1, 2] = 2
    magnitude_epsilon: float = Field(0.0, ge=0)
    window_norm: bool = False
    log: Literal["ln", "log10", "decibel"] = "ln"
    floor: PositiveFloat = 1e-3
    floor_mode: Literal["add", "clamp"] = "add"
    decibel_range: PositiveFloat = 100.0
    decibel_reference: float = 0.0

    @model_validator(mode="after")
    def _check_sizes(self) -> SpectrogramConfig:
        if self.win_length > self.n_fft:
            raise ValueError(f"win_length {self.win_length} is over n_fft {self.n_fft}")
        if not self.f_min < self.f_max <= self.sample_rate / 2:
            raise ValueError(
                f"f_max {self.f_max:g} is not between f_min and half of sample_rate {self.sample_rate}"
            )
        return self

    @property
    def n_bins(self) -> int:
        """Bins of the linear spectrogram."""
        return self.n_fft // 2 + 1

    @property
    def silence(self) -> float:
        """The log-mel value of digital silence."""
        magnitude = torch.zeros(1, self.n_bins, 1) + self.magnitude_epsilon**0.5
        mel = filterbank(self, torch.device("cpu")) @ magnitude**self.power
        return float(compress(mel, self).min())

    @property
    def loudest(self) -> float:
        """A log-mel value that no waveform within ±1 passes: all bins at the sum of the window."""
        window = torch.hann_window(self.win_length)
        magnitude = float(window.sum() / (window.norm() if self.window_norm else 1))
        mel = filterbank(self, torch.device("cpu")) @ torch.full((1, self.n_bins, 1), magnitude**self.power)
        return float(compress(mel, self).max())

    @property
    def decibels(self) -> float:
        """What a log-mel value that is larger by 1 is louder, in dB."""
        if self.log == "decibel":
            return self.decibel_range
        return 20 / self.power / (math.log(10) if self.log == "ln" else 1)

    def differences(self, other: SpectrogramConfig) -> list[str]:
        """What differs from another config, as `name own against other`; empty where spectrograms agree."""
        unused = () if "decibel" in (self.log, other.log) else ("decibel_range", "decibel_reference")
        return [
            f"{name} {getattr(self, name)} against {getattr(other, name)}"
            for name in type(self).model_fields
            if name not in unused and getattr(self, name) != getattr(other, name)
        ]

    @property
    def frame_rate(self) -> float:
        """Frames a second."""
        return self.sample_rate / self.hop_length

    def frames(self, samples: int) -> int:
        """Frames of a waveform of so many samples."""
        return samples // self.hop_length + (self.framing == "centered")

    def samples(self, frames: int) -> int:
        """The least samples that give so many frames."""
        return (frames - (self.framing == "centered")) * self.hop_length


# Cached tensors are made outside inference mode, since autograd refuses one that was made within.


@lru_cache(maxsize=32)
@torch.inference_mode(False)
def _window(win_length: int, device: torch.device) -> Tensor:
    return torch.hann_window(win_length, device=device)


@lru_cache(maxsize=32)
@torch.inference_mode(False)
def filterbank(config: SpectrogramConfig, device: torch.device) -> Tensor:
    """Triangular mel filters (n_mels, n_bins)."""
    filters = mel_filters(
        config.sample_rate,
        config.n_fft,
        config.n_mels,
        config.f_min,
        config.f_max,
        config.mel_scale,
        config.mel_norm == "slaney",
    )
    return torch.from_numpy(filters).to(device)


def mel_frequencies(config: SpectrogramConfig) -> NDArray[np.float64]:
    """Centres of the mel bins (n_mels,) in Hz."""
    import librosa

    edges: NDArray[np.float64] = librosa.mel_frequencies(
        config.n_mels + 2, fmin=config.f_min, fmax=config.f_max, htk=config.mel_scale == "htk"
    )
    return edges[1:-1]


def margins(config: SpectrogramConfig) -> tuple[int, int]:
    """Samples that are reflected before and behind a waveform, so that all frames are whole."""
    if config.framing == "between":
        before = (config.n_fft - config.hop_length) // 2
        return before, config.n_fft - config.hop_length - before
    return config.n_fft // 2, config.n_fft // 2


def complex_spectrogram(wav: Tensor, config: SpectrogramConfig) -> Tensor:
    """Short-time Fourier transform in float32: (B, T) → complex (B, n_bins, N), N as `config.frames` tells.

    Raises:
        ValueError: fewer than n_fft / 2 + 1 samples.
    """
    before, behind = margins(config)
    if wav.size(-1) <= max(before, behind):
        raise ValueError(f"{wav.size(-1)} samples are too few for an n_fft of {config.n_fft}")
    padded = functional.pad(wav.float().unsqueeze(1), (before, behind), mode="reflect").squeeze(1)
    return spectrum_of_frames(padded, config)[..., : config.frames(wav.size(-1))]


def spectrum_of_frames(padded: Tensor, config: SpectrogramConfig) -> Tensor:
    """The transform of every whole frame in a waveform that has its margins: (B, T) → (B, n_bins, N)."""
    window = _window(config.win_length, padded.device)
    spectrum = torch.stft(
        padded, config.n_fft, config.hop_length, config.win_length, window, center=False, return_complex=True
    )
    return spectrum / window.square().sum().sqrt() if config.window_norm else spectrum


def linear_spectrogram(wav: Tensor, config: SpectrogramConfig) -> Tensor:
    """Magnitude spectrogram in float32: wav (B, T) → (B, n_bins, N), N as `config.frames` tells.

    Raises:
        ValueError: fewer than n_fft / 2 + 1 samples.
    """
    with torch.autocast(wav.device.type, enabled=False):
        return _magnitudes(complex_spectrogram(wav, config), config)


def _magnitudes(spectrum: Tensor, config: SpectrogramConfig) -> Tensor:
    return spectrum.abs() if config.magnitude_epsilon == 0 else _powers(spectrum, config).sqrt()


def _powers(spectrum: Tensor, config: SpectrogramConfig) -> Tensor:
    return torch.view_as_real(spectrum).square().sum(dim=-1) + config.magnitude_epsilon


def mel_spectrogram(wav: Tensor, config: SpectrogramConfig) -> Tensor:
    """Mel magnitudes or powers before any logarithm, in float32: wav (B, T) → (B, n_mels, N).

    Raises:
        ValueError: fewer than n_fft / 2 + 1 samples.
    """
    with torch.autocast(wav.device.type, enabled=False):
        return mel_of_spectrum(complex_spectrogram(wav, config), config)


def mel_of_spectrum(spectrum: Tensor, config: SpectrogramConfig) -> Tensor:
    """Mel magnitudes or powers, in float32, of a complex spectrogram: (B, n_bins, N) → (B, n_mels, N)."""
    with torch.autocast(spectrum.device.type, enabled=False):
        bins = _magnitudes(spectrum, config) if config.power == 1 else _powers(spectrum, config)
        return filterbank(config, spectrum.device) @ bins


def log_mel(wav: Tensor, config: SpectrogramConfig) -> Tensor:
    """Log-mel spectrogram in float32: wav (B, T) → (B, n_mels, N), N as `config.frames` tells.

    Raises:
        ValueError: fewer than n_fft / 2 + 1 samples.
    """
    with torch.autocast(wav.device.type, enabled=False):
        return compress(mel_spectrogram(wav, config), config)


def log_mel_of(linear: Tensor, config: SpectrogramConfig) -> Tensor:
    """Log-mel spectrogram, in float32, of the magnitudes (B, n_bins, N) of `linear_spectrogram`."""
    with torch.autocast(linear.device.type, enabled=False):
        return compress(filterbank(config, linear.device) @ linear.float() ** config.power, config)


def compress(mel: Tensor, config: SpectrogramConfig) -> Tensor:
    """The logarithm that `config` names, of mel magnitudes or powers of any shape."""
    lifted = mel + config.floor if config.floor_mode == "add" else mel.clamp(min=config.floor)
    if config.log == "ln":
        return lifted.log()
    if config.log == "log10":
        return lifted.log10()
    level = 20 * lifted.log10() - config.decibel_reference
    return (level / config.decibel_range + 1).clamp(0, 1)
