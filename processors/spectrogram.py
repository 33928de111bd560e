"""Spectrograms in torch: differentiable, at any rate, on the waveform's device."""

from __future__ import annotations

from functools import lru_cache

import torch
from pydantic import Field, PositiveFloat, PositiveInt, model_validator
from torch import Tensor

from hiervox.processors.mel import mel_filters
from hiervox.utils.config import Config


class SpectrogramConfig(Config):
    """Sizes of a spectrogram; defaults are those of the published HierSpeech++ code.

    Attributes:
        sample_rate: of the waveform, Hz.
        n_fft, win_length, hop_length: in samples.
        n_mels: mel bins (HTK scale, triangles of height 1).
        f_min, f_max: edges of the lowest and the highest mel triangle, Hz.
        floor: added to the mel power before the logarithm.
    """

    sample_rate: PositiveInt = 16000
    n_fft: PositiveInt = 1280
    win_length: PositiveInt = 1280
    hop_length: PositiveInt = 320
    n_mels: PositiveInt = 80
    f_min: float = Field(0.0, ge=0)
    f_max: PositiveFloat = 8000.0
    floor: PositiveFloat = 1e-3

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


# Cached tensors are made outside inference mode, since autograd refuses one that was made within.


@lru_cache(maxsize=32)
@torch.inference_mode(False)
def _window(win_length: int, device: torch.device) -> Tensor:
    return torch.hann_window(win_length, device=device)


@lru_cache(maxsize=32)
@torch.inference_mode(False)
def _filterbank(config: SpectrogramConfig, device: torch.device) -> Tensor:
    """Triangular mel filters (n_mels, n_bins)."""
    filters = mel_filters(config.sample_rate, config.n_fft, config.n_mels, config.f_min, config.f_max)
    return torch.from_numpy(filters).to(device)


def _transform(wav: Tensor, config: SpectrogramConfig) -> Tensor:
    """Short-time Fourier transform: (B, T) → complex (B, n_bins, T // hop_length).

    Centred on the hops with reflected edges; the last frame, centred on the end, is dropped as published.
    """
    if wav.size(-1) <= config.n_fft // 2:
        raise ValueError(f"{wav.size(-1)} samples are too few for an n_fft of {config.n_fft}")
    spectrum = torch.stft(
        wav.float(),
        config.n_fft,
        config.hop_length,
        config.win_length,
        _window(config.win_length, wav.device),
        center=True,
        pad_mode="reflect",
        return_complex=True,
    )
    return spectrum[..., : wav.size(-1) // config.hop_length]


def linear_spectrogram(wav: Tensor, config: SpectrogramConfig) -> Tensor:
    """Magnitude spectrogram in float32: wav (B, T) → (B, n_bins, T // hop_length).

    Raises:
        ValueError: fewer than n_fft / 2 + 1 samples.
    """
    with torch.autocast(wav.device.type, enabled=False):
        return _transform(wav, config).abs()


def log_mel(wav: Tensor, config: SpectrogramConfig) -> Tensor:
    """Natural logarithm of the mel power plus `floor`, in float32: wav (B, T) → (B, n_mels, T // hop_length).

    Raises:
        ValueError: fewer than n_fft / 2 + 1 samples.
    """
    with torch.autocast(wav.device.type, enabled=False):
        spectrum = torch.view_as_real(_transform(wav, config))
        power = spectrum.square().sum(dim=-1)
        return torch.log(_filterbank(config, wav.device) @ power + config.floor)
