from __future__ import annotations

import json

import pytest

from hiervox.evaluation.metrics.rtf import RealTimeFactor, real_time_factor
from hiervox.evaluation.table import Utterance


def test_the_factor_or_its_two_parts() -> None:
    assert real_time_factor({"real_time_factor": 0.25}) == 0.25
    assert real_time_factor({"synthesis_seconds": 1, "seconds": 4}) == 0.25
    assert real_time_factor({"seconds": 4}) is None
    assert real_time_factor({"synthesis_seconds": 1, "seconds": 0}) is None


@pytest.mark.parametrize("name", ["a.wav.json", "a.json"])
def test_the_record_beside_a_recording_is_read(tmp_path, name) -> None:
    (tmp_path / name).write_text(json.dumps({"real_time_factor": 0.5}))
    assert RealTimeFactor().score(Utterance(2, "1", "x", tmp_path / "a.wav")) == {"rtf": 0.5}


@pytest.mark.parametrize("content", ["[1]", "not JSON", "{}"])
def test_other_files_have_no_value(tmp_path, content) -> None:
    (tmp_path / "a.json").write_text(content)
    assert RealTimeFactor().score(Utterance(2, "1", "x", tmp_path / "a.wav")) is None
