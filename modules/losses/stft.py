"""How far a generated waveform's spectra are from the recording's."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

POWER_FLOOR = 1e-7
"""Of a bin's power, which keeps logarithm and root differentiable (ParallelWaveGAN's published code)."""


class Resolution(NamedTuple):
    """Sizes of a short-time Fourier transform, samples."""

    n_fft: int
    hop_length: int
    win_length: int


RESOLUTIONS = (Resolution(1024, 120, 600), Resolution(2048, 240, 1200), Resolution(512, 50, 240))
"""Those of Parallel WaveGAN and of UnivNet."""


def magnitude(wav: Tensor, resolution: Resolution) -> Tensor:
    """Hann-windowed, centred magnitude spectrogram: (B, T) → (B, n_fft / 2 + 1, N), float32."""
    window = torch.hann_window(resolution.win_length, device=wav.device)
    with torch.autocast(wav.device.type, enabled=False):
        spectrum = torch.stft(wav.float(), *resolution, window, return_complex=True)
        return torch.view_as_real(spectrum).square().sum(dim=-1).clamp(min=POWER_FLOOR).sqrt()


def multi_resolution_stft_losses(
    fake: Tensor, real: Tensor, resolutions: tuple[Resolution, ...] = RESOLUTIONS
) -> dict[str, Tensor]:
    """Spectral convergence and log-magnitude distance (Parallel WaveGAN, arXiv 1910.11480, section 3.1).

    Args:
        fake, real: (B, T).
        resolutions: the terms are means over them.

    Returns:
        `spectral_convergence` and `log_magnitude`.
    """
    convergence, logarithmic = [], []
    for resolution in resolutions:
        made, recorded = magnitude(fake, resolution), magnitude(real, resolution)
        convergence.append(torch.linalg.norm(recorded - made) / torch.linalg.norm(recorded))
        logarithmic.append(functional.l1_loss(made.log(), recorded.log()))
    return {
        "spectral_convergence": torch.stack(convergence).mean(),
        "log_magnitude": torch.stack(logarithmic).mean(),
    }
