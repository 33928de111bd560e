"""The compressed amplitude and the phase that MP-SENet works on (arXiv 2305.13686, section 2.1)."""

from __future__ import annotations

import torch
from torch import Tensor

from hiervox.models.enhancement.mp_senet.config import MPSENetConfig


def compressed_spectrum(wav: Tensor, config: MPSENetConfig) -> tuple[Tensor, Tensor]:
    """Short-time spectrum of a waveform (B, T) with more than n_fft / 2 samples.

    Returns:
        Amplitude to the power of `config.compression`, and phase in radians, both (B, F, T // hop + 1).
    """
    spectrum = torch.stft(
        wav,
        config.n_fft,
        config.hop_length,
        config.win_length,
        torch.hann_window(config.win_length, dtype=wav.dtype, device=wav.device),
        return_complex=True,
    )
    return spectrum.abs().pow(config.compression), spectrum.angle()


def waveform(amplitude: Tensor, phase: Tensor, config: MPSENetConfig) -> Tensor:
    """The inverse of `compressed_spectrum`: (B, F, N) each → (B, (N - 1) * hop)."""
    spectrum = torch.polar(amplitude.pow(1 / config.compression), phase)
    return torch.istft(
        spectrum,
        config.n_fft,
        config.hop_length,
        config.win_length,
        torch.hann_window(config.win_length, dtype=phase.dtype, device=phase.device),
    )
