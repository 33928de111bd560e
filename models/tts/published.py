"""What the configs of several published text-to-speech systems have in common."""

from __future__ import annotations

MEL_KEYS = {
    "sample_rate": "data.sampling_rate",
    "n_fft": "data.filter_length",
    "win_length": "data.win_length",
    "hop_length": "data.hop_length",
    "n_mels": "data.n_mel_channels",
    "f_min": "data.mel_fmin",
    "f_max": "data.mel_fmax",
}
"""Of the section `data` of a `config.json`, for `read_mel`."""
