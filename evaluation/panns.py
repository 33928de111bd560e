"""Cnn14 of PANNs (Kong et al., arXiv 1912.10211, table I), for its published weights."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from hiervox.evaluation.pretrained import load_state

SAMPLE_RATE = 32000
FFT_SIZE = 1024
HOP_LENGTH = 320
MEL_BANDS = 64
F_MIN, F_MAX = 50, 14000
LEAST_POWER = 1e-10
CLASSES = 527
CHANNELS = (1, 64, 128, 256, 512, 1024, 2048)
LEAST_SAMPLES = 64 * HOP_LENGTH
"""Shorter waveforms are padded: five poolings halve the frames to two."""
FRONT_END = ("spectrogram_extractor.", "logmel_extractor.")
"""The published file holds the transform as weights; here torch computes it."""


class ConvBlock(nn.Module):
    """Two 3 × 3 convolutions, each with batch norm and ReLU."""

    def __init__(self, channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out_channels, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.bn2 = nn.BatchNorm2d(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T, F) → (B, C', T, F)."""
        return self.bn2(self.conv2(self.bn1(self.conv1(x)).relu())).relu()


class Cnn14(nn.Module):
    """Log mel spectrogram, six blocks, pooling over time, two linear layers."""

    filters: Tensor
    window: Tensor

    def __init__(self) -> None:
        super().__init__()
        import librosa

        self.bn0 = nn.BatchNorm2d(MEL_BANDS)
        for number, (channels, out_channels) in enumerate(pairwise(CHANNELS), start=1):
            setattr(self, f"conv_block{number}", ConvBlock(channels, out_channels))
        self.fc1 = nn.Linear(CHANNELS[-1], CHANNELS[-1])
        self.fc_audioset = nn.Linear(CHANNELS[-1], CLASSES)
        filters = librosa.filters.mel(
            sr=SAMPLE_RATE, n_fft=FFT_SIZE, n_mels=MEL_BANDS, fmin=F_MIN, fmax=F_MAX
        )
        self.register_buffer("filters", torch.from_numpy(np.ascontiguousarray(filters)), persistent=False)
        self.register_buffer("window", torch.hann_window(FFT_SIZE), persistent=False)

    def log_mel(self, wav: Tensor) -> Tensor:
        """(B, T) → (B, 64, frames) in dB."""
        spectrum = torch.stft(
            wav, FFT_SIZE, HOP_LENGTH, window=self.window, pad_mode="reflect", return_complex=True
        )
        return 10 * (self.filters @ spectrum.abs() ** 2).clamp_min(LEAST_POWER).log10()

    def forward(self, wav: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T) at 32 kHz → features (B, 2048) and logits (B, 527)."""
        wav = functional.pad(wav, (0, max(0, LEAST_SAMPLES - wav.shape[-1])))
        x = self.bn0(self.log_mel(wav)[..., None]).permute(0, 3, 2, 1)  # (B, 1, frames, 64)
        for number in range(1, len(CHANNELS)):
            x = getattr(self, f"conv_block{number}")(x)
            if number < len(CHANNELS) - 1:
                x = functional.avg_pool2d(x, 2)
        x = x.mean(dim=3)
        features = self.fc1(x.amax(dim=2) + x.mean(dim=2)).relu()
        return features, self.fc_audioset(features)


def load_cnn14(path: Path) -> Cnn14:
    """The network with the weights of a published file (`Cnn14_mAP=0.431.pth`), in eval mode.

    Raises:
        DependencyError: no such file, or it holds something else.
    """
    network = Cnn14()
    load_state(network, path, without=FRONT_END)
    return network
