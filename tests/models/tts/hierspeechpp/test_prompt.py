from __future__ import annotations

import numpy as np
import pytest

from models.tts.hierspeechpp.prompt import prepare_recording
from tests.models.tts.hierspeechpp.tiny_bundle import voice
from utils.errors import AudioError


def test_a_recording_comes_to_16_khz_at_its_own_level() -> None:
    wav = voice(1.0)
    assert prepare_recording(wav, 16000, "it") is wav
    narrow = prepare_recording(np.repeat(wav, 3), 48000, "it")
    assert len(narrow) == 16000
    assert np.abs(narrow).max() == pytest.approx(np.abs(wav).max(), rel=0.1)


@pytest.mark.parametrize(
    ("wav", "message"),
    [
        (np.zeros(16000, np.float32), "a.wav is silent"),
        (1e-4 * voice(1.0), "a.wav is silent"),
        (voice(0.2), "a.wav is too short: 0.20 s"),
        (np.full(16000, np.nan, np.float32), "a.wav holds a NaN"),
    ],
)
def test_what_holds_no_voice_is_refused(wav, message) -> None:
    with pytest.raises(AudioError, match=message):
        prepare_recording(wav, 16000, "a.wav")
