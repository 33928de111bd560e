"""Distance of log-mel spectrograms at several resolutions."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from hiervox.processors.spectrogram import SpectrogramConfig, log_mel

MULTI_SCALE = {32: 5, 64: 10, 128: 20, 256: 40, 512: 80, 1024: 160, 2048: 320}
"""Windows of BigVGAN v2's mel loss, from the Descript Audio Codec (arXiv 2306.06546), and their mel bins."""


def multi_scale_mel_terms(fake: Tensor, real: Tensor, sample_rate: int) -> list[Tensor]:
    """Mean absolute differences of log10-mel spectrograms, one for each window.

    Args:
        fake, real: (B, T).
        sample_rate: Hz.
    """
    return [
        functional.l1_loss(log_mel(fake, config), log_mel(real, config))
        for config in (_scale(window, mels, sample_rate) for window, mels in MULTI_SCALE.items())
    ]


def _scale(window: int, mels: int, sample_rate: int) -> SpectrogramConfig:
    return SpectrogramConfig(
        sample_rate=sample_rate,
        n_fft=window,
        win_length=window,
        hop_length=window // 4,
        n_mels=mels,
        f_max=sample_rate / 2,
        framing="centered",
        mel_scale="slaney",
        mel_norm="slaney",
        power=1,
        log="log10",
        floor=1e-5,
        floor_mode="clamp",
    )
