"""Inverse short-time Fourier transform that can be cut between hops."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

Padding = Literal["center", "same"]


class InverseSTFT(nn.Module):
    """The least-squares inverse with a Hann window (Griffin and Lim 1984, eq. 6), in float32.

    Args:
        n_fft: size of the transform, even.
        hop_length: samples.
        win_length: at most `n_fft`; a shorter window stands in the middle.
        padding: `center` puts frame j on sample j * hop_length: N frames give (N - 1) * hop_length samples.
            `same` puts it in the middle of hop j: N frames give N * hop_length samples, which `torch.istft`
            refuses to do.

    Attributes:
        context: frames on either side that an output hop depends on.
    """

    window: Tensor

    def __init__(
        self, n_fft: int, hop_length: int, win_length: int | None = None, padding: Padding = "center"
    ) -> None:
        super().__init__()
        win_length = win_length or n_fft
        if win_length > n_fft or win_length < 2 * hop_length:
            raise ValueError(f"a window of {win_length} does not fit hops of {hop_length} and n_fft {n_fft}")
        self.n_fft, self.hop_length, self.padding = n_fft, hop_length, padding
        self.margin = n_fft // 2 if padding == "center" else (n_fft - hop_length) // 2
        self.context = -(-(win_length // 2) // hop_length) + (padding == "center")
        beside = n_fft - win_length
        window = functional.pad(
            torch.hann_window(win_length, device="cpu"), (beside // 2, beside - beside // 2)
        )
        self.register_buffer("window", window, persistent=False)

    def samples(self, frames: int) -> int:
        """Samples that so many frames give."""
        return (frames - (self.padding == "center")) * self.hop_length

    def forward(self, spectrum: Tensor) -> Tensor:
        """Complex (B, n_fft / 2 + 1, N) → (B, T), T as `samples` tells."""
        with torch.autocast(spectrum.device.type, enabled=False):
            frames = torch.fft.irfft(spectrum.mT, n=self.n_fft) * self.window
            weights = self.window.square().expand(1, spectrum.shape[-1], -1)
            return self._overlap_add(frames) / self._overlap_add(weights)

    def _overlap_add(self, frames: Tensor) -> Tensor:
        """(B, N, n_fft) → (B, T)."""
        length = (frames.shape[1] - 1) * self.hop_length + self.n_fft
        added = functional.fold(frames.mT, (1, length), (1, self.n_fft), stride=(1, self.hop_length))
        return added[:, 0, 0, self.margin : self.margin + self.samples(frames.shape[1])]
