"""Kaldi's log-mel filterbank, in batches and with gradients: what speaker encoders read."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

SAMPLE_RATE = 16000
FRAME_LENGTH = 400
HOP_LENGTH = 160
_FFT = 512
_LOWEST_HERTZ = 20.0
_EMPHASIS = 0.97


def log_filterbank(wav: Tensor, n_mels: int = 80) -> Tensor:
    """Log-mel energies as Kaldi's `compute-fbank-feats` without dither, less their mean over time.

    Equal to `torchaudio.compliance.kaldi.fbank`, which takes one recording at a time.

    Args:
        wav: (B, T) at 16 kHz in [-1, 1], T at least 400.
        n_mels: bins between 20 Hz and 8 kHz.

    Returns:
        (B, n_mels, 1 + (T - 400) // 160) float32.

    Raises:
        ValueError: fewer samples than a frame.
    """
    if wav.shape[-1] < FRAME_LENGTH:
        raise ValueError(f"{wav.shape[-1]} samples are less than a frame of {FRAME_LENGTH}")
    with torch.autocast(wav.device.type, enabled=False):
        return _log_filterbank(wav.float(), n_mels)


def _log_filterbank(wav: Tensor, n_mels: int) -> Tensor:
    frames = wav.unfold(1, FRAME_LENGTH, HOP_LENGTH)
    frames = frames - frames.mean(2, keepdim=True)
    frames = frames - _EMPHASIS * torch.cat([frames[..., :1], frames[..., :-1]], dim=2)
    window, bank = (table.to(wav.device) for table in _tables(n_mels))
    power = torch.fft.rfft(frames * window, _FFT).abs().square()
    energies = functional.linear(power, bank).clamp_min(torch.finfo(torch.float32).eps).log()
    return (energies - energies.mean(1, keepdim=True)).transpose(1, 2)


@lru_cache
@torch.inference_mode(False)  # what is kept serves passes with gradients, too
def _tables(n_mels: int) -> tuple[Tensor, Tensor]:
    """The window (400,) and the filters (n_mels, 257): triangles on the mel scale, not in Hz."""
    window = torch.hann_window(FRAME_LENGTH, periodic=False, dtype=torch.float64).pow(0.85)  # Povey's
    bins = _mels(torch.arange(_FFT // 2 + 1, dtype=torch.float64) * SAMPLE_RATE / _FFT)
    lowest, highest = _mels(torch.tensor([_LOWEST_HERTZ, SAMPLE_RATE / 2], dtype=torch.float64))
    width = (highest - lowest) / (n_mels + 1)
    peaks = lowest + width * torch.arange(1, n_mels + 1, dtype=torch.float64)[:, None]
    bank = (1 - (bins - peaks).abs() / width).clamp_min(0)
    bank[:, -1] = 0  # Kaldi leaves out the Nyquist frequency
    return window.float(), bank.float()


def _mels(hertz: Tensor) -> Tensor:
    return 1127 * (1 + hertz / 700).log()
