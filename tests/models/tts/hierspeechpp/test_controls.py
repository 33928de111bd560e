from __future__ import annotations

import pytest

from hiervox.models.tts.hierspeechpp.controls import SpeechControls
from hiervox.utils.errors import ConfigError


def test_defaults_are_the_published_ones() -> None:
    controls = SpeechControls()
    assert (controls.noise_scale_ttv, controls.noise_scale, controls.seed) == (0.333, 0.333, 1111)
    assert (controls.scaling, controls.rate, controls.speed) == ("max", 16000, 1.0)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"speed": 0.0}, "no speed 0.0: Input should be greater than or equal to 0.1"),
        ({"speed": float("nan")}, "no speed nan"),
        ({"noise_scale": -1}, "no noise_scale -1"),
        ({"rate": 44100}, "no rate 44100: choose one of 16000, 24000, 48000"),
        ({"scaling": "loud"}, "no scaling 'loud': choose one of "),
        ({"semitones": 25}, "no semitones 25"),
        ({"seed": -1}, "no seed -1"),
        ({"sped": 2.0}, "no sped 2.0: did you mean 'speed'?"),
    ],
)
def test_what_is_out_of_range_is_one_line(values, message) -> None:
    with pytest.raises(ConfigError) as raised:
        SpeechControls(**values)
    assert message in str(raised.value) and "\n" not in str(raised.value)
