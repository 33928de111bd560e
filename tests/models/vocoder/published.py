"""What the authors' own config files set; the golden files were made with these."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from hiervox.processors.spectrogram import SpectrogramConfig, log_mel
from tests.golden import Golden

HIFIGAN: dict[str, Any] = {
    "resblock": "1",
    "upsample_rates": [8, 8, 2, 2],
    "upsample_kernel_sizes": [16, 16, 4, 4],
    "upsample_initial_channel": 512,
    "resblock_kernel_sizes": [3, 7, 11],
    "resblock_dilation_sizes": [[1, 3, 5], [1, 3, 5], [1, 3, 5]],
    "num_mels": 80,
    "n_fft": 1024,
    "hop_size": 256,
    "win_size": 1024,
    "sampling_rate": 22050,
    "fmin": 0,
    "fmax": 8000,
}


def golden_log_mel(golden: Golden, mel: SpectrogramConfig) -> Tensor:
    """Our log-mel spectrogram of the golden waveform, whether it has a channel axis or none."""
    wav = golden["wav"]
    return log_mel(wav.reshape(wav.shape[0], -1), mel)


def mel_of(sections: dict[str, Any]) -> SpectrogramConfig:
    """The `mel` section of an import."""
    section = sections["mel"]
    assert isinstance(section, SpectrogramConfig)
    return section


def scalars(*values: Tensor) -> Tensor:
    """Numbers as one tensor."""
    return torch.stack([value.reshape(()) for value in values])
