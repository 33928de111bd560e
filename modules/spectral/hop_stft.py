"""Short-time Fourier transform and its inverse on a grid of hops, exact at any cut between hops.

Frame j is centred on hop j, so that N hops of samples have N frames and a stretch of frames gives the same
samples as within the whole, but for the windows that reach over its ends.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from hiervox.modules.spectral.inverse_stft import InverseSTFT


class HopSTFT(nn.Module):
    """Hann-windowed transform, and the least-squares inverse (Griffin and Lim 1984, eq. 6).

    Args:
        window_length: samples, the size of the transform too; a hop plus an even number, at least two hops.
        hop_length: samples.

    Attributes:
        bins: window_length // 2 + 1.
        context: hops on either side that an output sample of `inverse` depends on.
    """

    window: Tensor

    def __init__(self, window_length: int, hop_length: int) -> None:
        super().__init__()
        if window_length < 2 * hop_length or (window_length - hop_length) % 2:
            raise ValueError(f"a window of {window_length} samples does not fit hops of {hop_length}")
        self.window_length, self.hop_length = window_length, hop_length
        self.margin = (window_length - hop_length) // 2
        self.bins = window_length // 2 + 1
        self.synthesis = InverseSTFT(window_length, hop_length, padding="same")
        self.context = -(-self.margin // hop_length)
        self.register_buffer("window", torch.hann_window(window_length, device="cpu"), persistent=False)

    def forward(self, wav: Tensor) -> Tensor:
        """(B, hop_length * N) → complex (B, bins, N), float32; what lies beyond the ends is silence."""
        with torch.autocast(wav.device.type, enabled=False):
            padded = functional.pad(wav.float(), (self.margin, self.margin))
            frames = padded.unfold(1, self.window_length, self.hop_length) * self.window
            return torch.fft.rfft(frames).mT

    def inverse(self, spectrum: Tensor) -> Tensor:
        """Complex (B, bins, N) → (B, hop_length * N), float32."""
        wav: Tensor = self.synthesis(spectrum)
        return wav
