"""Mel spectrograms of a waveform as if it were sung in another key, without resampling it."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from hiervox.processors.pitch import semitone_ratio
from hiervox.processors.spectrogram import SpectrogramConfig, compress, filterbank


def key_shifted_log_mel(wav: Tensor, config: SpectrogramConfig, semitones: float) -> Tensor:
    """Log-mel spectrogram with all frequencies moved, as openvpi's singing vocoders are trained on.

    A transform longer by the factor of the shift has its bins closer together; read as bins of the usual
    transform, every frequency is higher.

    Args:
        wav: (B, T).
        config: its magnitudes have no epsilon and its frames stand between the hops.
        semitones: by which frequencies rise.

    Returns:
        (B, n_mels, T // hop_length).
    """
    factor = semitone_ratio(semitones)
    n_fft, win_length = round(config.n_fft * factor), round(config.win_length * factor)
    surplus = win_length - config.hop_length
    padded = functional.pad(wav.float().unsqueeze(1), (surplus // 2, (surplus + 1) // 2), mode="reflect")
    window = torch.hann_window(win_length, device=wav.device)
    spectrum = torch.stft(
        padded.squeeze(1), n_fft, config.hop_length, win_length, window, center=False, return_complex=True
    ).abs()
    missing = max(0, config.n_bins - spectrum.shape[1])
    bins = functional.pad(spectrum, (0, 0, 0, missing))[:, : config.n_bins]
    level = config.win_length / win_length  # a longer window gives larger values
    return compress(filterbank(config, wav.device) @ (level * bins), config)
