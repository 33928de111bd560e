"""What the authors' own config files set; the golden files were made with these."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from hiervox.models.vocoder.hifigan.workloads import V1
from hiervox.processors.spectrogram import SpectrogramConfig, log_mel
from tests.golden import Golden

HIFIGAN = V1


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
