from __future__ import annotations

import numpy as np
import pytest

from hiervox.models.base.pipelines.pitch_curve import (
    check_pitch,
    read_pitch_curve,
    stretch_pitch,
    write_pitch_curve,
)
from hiervox.utils.errors import AudioError, DataError


def test_what_is_written_is_read(tmp_path) -> None:
    f0 = np.array([0, 0, 100.5, 101.25, 0, 220], np.float32)
    write_pitch_curve(tmp_path / "x.csv", f0)
    lines = (tmp_path / "x.csv").read_text().splitlines()
    assert lines[0] == "seconds,hz" and lines[3] == "0.010,100.500" and len(lines) == 7
    np.testing.assert_array_equal(read_pitch_curve(tmp_path / "x.csv"), f0)


def test_a_few_rows_make_a_melody(tmp_path) -> None:
    (tmp_path / "x.csv").write_text("seconds,hz\n0,100\n0.02,200\n0.04,0\n")
    expected = [100, 125, 150, 175, 200, 200, 0, 0, 0]  # at the middle, the later row counts
    np.testing.assert_allclose(read_pitch_curve(tmp_path / "x.csv"), expected, rtol=1e-6)


def test_stretching_keeps_ends_and_voicing() -> None:
    f0 = np.array([0, 100, 200, 0], np.float32)
    longer = stretch_pitch(f0, 7)
    np.testing.assert_allclose(longer, [0, 100, 100, 150, 200, 0, 0])
    assert stretch_pitch(f0, 4) is f0
    np.testing.assert_array_equal(stretch_pitch(np.array([90], np.float32), 3), [90, 90, 90])
    np.testing.assert_array_equal(stretch_pitch(longer, 1), [0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "can't read the pitch curve"),
        ("", "does not start with seconds,hz"),
        ("0,100\n", "does not start with seconds,hz"),
        ("seconds,hz\n", "holds no value"),
        ("seconds,hz\n0,100\n0,120\n", "row 3 of .* does not come later"),
        ("seconds,hz\n0,high\n", "row 2 of .* is not two numbers: 0,high"),
        ("seconds,hz\n0,1,2\n", "row 2 of .* is not two numbers"),
        ("seconds,hz\n0,-5\n", "row 2 of .* has -5 Hz"),
        ("seconds,hz\n0,nan\n", "row 2 of .* has nan Hz"),
        ("seconds,hz\n1e9,100\n", "row 2 of .* has 1e[+]09 s"),
    ],
)
def test_mistakes_are_named(tmp_path, text, message) -> None:
    if text is not None:
        (tmp_path / "x.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        read_pitch_curve(tmp_path / "x.csv")


@pytest.mark.parametrize("wrong", [[100, -100], [1e30], [float("nan")], [], [[100.0]], [100j]])
def test_pitch_that_no_voice_has_is_refused(wrong) -> None:
    check_pitch(np.array([0, 100, 2000], np.float32))
    with pytest.raises(AudioError, match="F0 "):
        check_pitch(np.array(wrong))
