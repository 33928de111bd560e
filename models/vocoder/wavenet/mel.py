"""The mel spectrogram of wavenet_vocoder, before it is normalised by the corpus's statistics."""

from __future__ import annotations

from hiervox.processors.mel_presets import TACOTRON

WAVENET_MEL = TACOTRON.model_copy(update={"f_min": 125.0, "f_max": 7600.0, "log": "log10", "floor": 1e-10})
