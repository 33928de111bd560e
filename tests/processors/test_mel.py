"""Tests of `hiervox.processors.mel`."""

from __future__ import annotations

from typing import Any

import librosa
import numpy as np
import pytest

from hiervox.processors.mel import mel_filters


@pytest.mark.parametrize(
    "sizes",
    [
        {"sr": 16000, "n_fft": 1280, "n_mels": 80, "fmin": 0.0, "fmax": 8000.0},
        {"sr": 48000, "n_fft": 2048, "n_mels": 128, "fmin": 20.0, "fmax": 24000.0},
        {"sr": 22050, "n_fft": 1024, "n_mels": 80, "fmin": 0.0, "fmax": None},
    ],
)
@pytest.mark.parametrize("scale", ["htk", "slaney"])
@pytest.mark.parametrize("area", [False, True])
def test_filters_are_librosas(sizes: dict[str, Any], scale: Any, area: bool) -> None:
    theirs = librosa.filters.mel(**sizes, htk=scale == "htk", norm="slaney" if area else None)
    ours = mel_filters(
        sizes["sr"], sizes["n_fft"], sizes["n_mels"], sizes["fmin"], sizes["fmax"], scale, area
    )
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6 * theirs.max())
