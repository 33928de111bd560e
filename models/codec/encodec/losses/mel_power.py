"""Distance of mel spectrograms at several resolutions (EnCodec, section 3.4, as audiocraft trains it)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

MelDistance = Literal["power", "log"]
OVERLAP = 4
"""Window length over hop length."""
FLOOR = 1e-5
"""Added to the mel power before its logarithm; audiocraft."""


class MelPower(nn.Module):
    """Mel power spectrogram, normalised by the window's energy.

    The signal is reflected by (window - hop) / 2 on both sides, and extended by zeros to whole windows.

    Args:
        sample_rate: Hz.
        window_length: samples; the size of the transform too.
        n_mels, f_min: of the HTK mel filters, which reach up to half of the rate.
    """

    window: Tensor
    filters: Tensor

    def __init__(self, sample_rate: int, window_length: int, n_mels: int, f_min: float) -> None:
        from librosa.filters import mel

        super().__init__()
        self.hop_length = window_length // OVERLAP
        window = torch.hann_window(window_length, device="cpu")
        self.register_buffer("window", window / window.square().sum().sqrt(), persistent=False)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Empty filters")  # of short windows, as published
            filters = mel(sr=sample_rate, n_fft=window_length, n_mels=n_mels, fmin=f_min, htk=True, norm=None)
        self.register_buffer("filters", torch.from_numpy(filters), persistent=False)

    def forward(self, wav: Tensor) -> Tensor:
        """(B, T) → (B, n_mels, ceil(T / hop)), float32."""
        with torch.autocast(wav.device.type, enabled=False):
            margin = (len(self.window) - self.hop_length) // 2
            padded = F.pad(wav.float().unsqueeze(1), (margin, margin), mode="reflect").squeeze(1)
            padded = F.pad(padded, (0, -wav.shape[-1] % self.hop_length))
            spectrum = torch.stft(
                padded,
                len(self.window),
                self.hop_length,
                window=self.window,
                center=False,
                return_complex=True,
            )
            return self.filters @ torch.view_as_real(spectrum).square().sum(-1)


class MultiScaleMelLoss(nn.Module):
    """Distance of mel powers, averaged over scales.

    Args:
        sample_rate: Hz.
        window_lengths: samples, one a scale.
        n_mels, f_min: of the mel filters.
        distance: `power` is the mean of the powers' L1 and of the squared error of their decimal logarithms;
            `log` the L1 of their natural logarithms.
    """

    def __init__(
        self,
        sample_rate: int,
        window_lengths: Sequence[int],
        *,
        n_mels: int = 64,
        f_min: float = 64.0,
        distance: MelDistance = "power",
    ) -> None:
        super().__init__()
        self.distance = distance
        self.scales = nn.ModuleList(
            MelPower(sample_rate, window_length, n_mels=n_mels, f_min=f_min)
            for window_length in window_lengths
        )

    def forward(self, predicted: Tensor, target: Tensor) -> Tensor:
        """(B, C, T) twice → scalar."""
        predicted, target = predicted.flatten(0, 1), target.flatten(0, 1)
        terms = []
        for scale in self.scales:
            mel, wanted = scale(predicted), scale(target)
            if self.distance == "log":
                terms.append(F.l1_loss((mel + FLOOR).log(), (wanted + FLOOR).log()))
                continue
            terms.append(F.l1_loss(mel, wanted))
            terms.append(F.mse_loss((mel + FLOOR).log10(), (wanted + FLOOR).log10()))
        return torch.stack(terms).mean()
