"""F0 of what is converted, with its stationary noise reduced or as it is."""

from __future__ import annotations

import numpy as np
import pytest

from hiervox.models.tts.hierspeechpp.lite.config import LiteSynthesizerExperiment
from hiervox.models.tts.hierspeechpp.lite.recordings import source_pitch
from tests.models.tts.hierspeechpp.tiny_bundle import FEATURES, SAMPLE_RATE, voice


@pytest.mark.parametrize("clean_sources", [False, True])
def test_a_hum_is_taken_for_the_voice_unless_it_is_reduced(clean_sources: bool) -> None:
    tree = {
        "system": "hierspeechpp",
        "part": "synthesizer",
        "out_dir": "none",
        "data": {"cuts": "none"},
        "features": FEATURES,
        "model": {"clean_sources": clean_sources},
    }
    experiment = LiteSynthesizerExperiment.model_validate(tree)
    time = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    spoken = np.concatenate([np.zeros(SAMPLE_RATE, np.float32), voice(1.0, f0=180.0)])
    hum = 0.2 * np.sin(2 * np.pi * 70 * time).astype(np.float32)
    f0 = source_pitch(spoken + hum, experiment)
    assert f0.shape == (400,)
    heard = 180 if clean_sources else 70
    assert np.median(f0[220:380]) == pytest.approx(heard, rel=0.1)
