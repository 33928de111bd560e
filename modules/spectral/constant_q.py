"""Constant-Q transform, octave by octave at falling rates (Schörkhuber and Klapuri, SMC 2010)."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

LOWEST_FREQUENCY = 32.70
"""Hz; the note C1."""
LOWPASS_TAPS = 256
TRANSITION = 0.001
"""Of the low-pass before each halving of the rate, relative to its cut-off."""
ZERO_CROSSINGS, ROLLOFF = 6, 0.99
"""Of the windowed sinc that doubles a rate."""


def double_rate(wav: Tensor) -> Tensor:
    """Resample (B, 1, T) to twice the rate by a Hann-windowed sinc: (B, 1, 2 * T)."""
    width = math.ceil(ZERO_CROSSINGS / ROLLOFF)
    places = torch.arange(-width, width + 1, device=wav.device, dtype=torch.double)
    phases = torch.stack([places, places - 0.5]) * ROLLOFF
    window = torch.cos(phases.clamp(-ZERO_CROSSINGS, ZERO_CROSSINGS) * math.pi / ZERO_CROSSINGS / 2).square()
    taps = (torch.sinc(phases) * window * ROLLOFF).to(wav.dtype).unsqueeze(1)
    both = functional.conv1d(wav, taps, padding=width)
    return both.mT.flatten(1).unsqueeze(1)


class ConstantQ(nn.Module):
    """Complex spectrum whose bins lie at equal distances on a logarithmic scale.

    The kernels are those of the highest octave; each octave below sees the waveform at half the rate. Values
    are scaled as librosa and nnAudio's `CQT2010v2` scale them.

    Args:
        sample_rate: Hz.
        hop_length: samples, a multiple of 2 ** (n_octaves - 1).
        bins_per_octave, n_octaves: from `LOWEST_FREQUENCY` on.

    Raises:
        ValueError: the hop can't be halved so often, or the highest bin is above half of the rate.
    """

    kernels: Tensor
    lowpass: Tensor
    scale: Tensor

    def __init__(self, sample_rate: int, hop_length: int, bins_per_octave: int, n_octaves: int) -> None:
        super().__init__()
        if hop_length % 2 ** (n_octaves - 1):
            raise ValueError(f"a hop of {hop_length} can't be halved {n_octaves - 1} times")
        self.hop_length, self.n_octaves = hop_length, n_octaves
        quality = 1 / (2 ** (1 / bins_per_octave) - 1)
        frequencies = LOWEST_FREQUENCY * 2 ** (np.arange(n_octaves * bins_per_octave) / bins_per_octave)
        if frequencies[-1] > sample_rate / 2:
            raise ValueError(f"{n_octaves} octaves reach beyond half of {sample_rate} Hz")
        kernels = _kernels(quality, sample_rate, frequencies[-bins_per_octave:])
        both = np.concatenate([kernels.real, -kernels.imag])
        lengths = np.ceil(quality * sample_rate / frequencies)
        self.register_buffer("kernels", _float(both).unsqueeze(1), persistent=False)
        self.register_buffer("lowpass", _float(_lowpass()).view(1, 1, -1), persistent=False)
        self.register_buffer("scale", _float(np.sqrt(lengths)).view(-1, 1, 1), persistent=False)

    def forward(self, wav: Tensor) -> Tensor:
        """(B, 1, T) → (B, bins, N, 2): the lowest bin first; real and imaginary part, float32."""
        with torch.autocast(wav.device.type, enabled=False):
            x, hop, octaves = wav.float(), self.hop_length, []
            for octave in range(self.n_octaves):
                if octave:
                    x = functional.conv1d(x, self.lowpass, stride=2, padding=(LOWPASS_TAPS - 1) // 2)
                    hop //= 2
                octaves.append(self._octave(x, hop))
            return torch.cat(octaves[::-1], dim=1) * self.scale

    def _octave(self, x: Tensor, hop: int) -> Tensor:
        padding = self.kernels.shape[-1] // 2
        real, imaginary = functional.conv1d(x, self.kernels, stride=hop, padding=padding).chunk(2, dim=1)
        return torch.stack([real, imaginary], dim=-1)


def _float(values: NDArray[np.float64]) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))


def _kernels(quality: float, sample_rate: int, frequencies: NDArray[np.float64]) -> NDArray[np.complex64]:
    """Windowed complex exponentials (bins, samples), whose magnitudes add up to 1, in the middle."""
    from scipy.signal import get_window

    lengths = np.ceil(quality * sample_rate / frequencies).astype(int)
    size = 2 ** math.ceil(math.log2(lengths.max()))
    kernels = np.zeros((len(frequencies), size), np.complex64)
    for row, frequency, length in zip(kernels, frequencies, lengths, strict=True):
        time = np.arange(-((length + 1) // 2), length // 2)
        kernel = get_window("hann", length) * np.exp(2j * np.pi * time * frequency / sample_rate)
        start = size // 2 + time[0]
        row[start : start + length] = kernel / np.abs(kernel).sum()
    return kernels


def _lowpass() -> NDArray[np.float64]:
    """A low-pass to half of the band, by frequency sampling."""
    from scipy.signal import firwin2

    edges = [0.0, 0.5 / (1 + TRANSITION), 0.5 * (1 + TRANSITION), 1.0]
    taps: NDArray[np.float64] = firwin2(LOWPASS_TAPS, edges, [1.0, 1.0, 0.0, 0.0])
    return taps
