"""Sizes that small vocoders share."""

from __future__ import annotations

from typing import Any

HOP, MELS, RATE = 16, 8, 8000
MEL = {"sample_rate": RATE, "n_fft": 64, "win_length": 64, "hop_length": HOP, "n_mels": MELS, "f_max": 4000}
UPSAMPLING: dict[str, Any] = {
    "in_channels": MELS,
    "initial_channels": 16,
    "rates": [8, 2],
    "kernel_sizes": [16, 4],
    "block_kernel_sizes": [3],
    "block_dilations": [[1, 3]],
}
STFT = {"n_fft": 64, "hop_length": HOP}
DISCRIMINATORS = {"period": {"type": "multi_period", "periods": [2], "channels": [4, 4]}}
