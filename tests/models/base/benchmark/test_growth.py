"""How time and memory grow with texts and prompts."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from hiervox.bins.app import app
from hiervox.models.base.benchmark import growth
from hiervox.models.base.benchmark.growth import Growth, _time, exponents, text_of, time_growth
from hiervox.models.base.benchmark.networks import Setting
from hiervox.utils.errors import ConfigError
from hiervox.utils.timing import Timing
from tests.models.tts.hierspeechpp.tiny_bundle import write_tiny_bundle


@pytest.mark.parametrize("words", [1, 12, 13, 500])
def test_a_text_has_so_many_words(words: int) -> None:
    text = text_of(words)
    assert len(text.split()) == words
    assert text.count(".") == -(-words // 12) and text.endswith(".")


def test_every_axis_is_timed(tmp_path: Path) -> None:
    setting, folder = Setting(device="cpu", threads=1, repeats=1), str(write_tiny_bundle(tmp_path / "tiny"))
    (short,) = time_growth(folder, setting, {"words": (2,)})
    long, several, prompted = (
        _time(folder, setting, *case) for case in (("words", 30), ("texts", 3), ("prompt (s)", 2))
    )
    assert (long.axis, long.size) == ("words", 30)
    assert long.sound > short.sound and several.sound > short.sound
    assert all(one.memory > 1e7 and one.timing.median() > 0 for one in (short, long, several, prompted))


def test_growth_is_measured_between_the_two_largest_sizes() -> None:
    def point(axis: str, size: int, seconds: float) -> Growth:
        return Growth(axis, size, 1.0, Timing((seconds,), (seconds,)), 0)

    points = [point("words", 1, 9.0), point("words", 10, 1.0), point("words", 20, 2.0)]
    squared = [point("texts", 1, 1.0), point("texts", 2, 4.0)]
    assert exponents([*points, *squared]) == pytest.approx({"words": 1.0, "texts": 2.0})


def test_the_command_plots_and_prints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    timing = Timing((1.0,), (0.5,))
    points = [Growth(axis, size, 2.0, timing, 3_000_000) for axis in ("words", "texts") for size in (1, 2)]
    monkeypatch.setattr(growth, "time_growth", lambda name, setting: points)
    plot = tmp_path / "growth.svg"
    result = CliRunner().invoke(app, ["benchmark", "some-model", "--growth", str(plot)])
    assert result.exit_code == 0, result.output
    assert "| words | 2 | 2.0 | 0.500 (1.000) | 0.250 | 3 |" in result.output
    assert "<svg" in plot.read_text(encoding="utf-8")


def test_growth_is_of_models() -> None:
    result = CliRunner().invoke(app, ["benchmark", "speechsr", "--growth", "growth.svg"])
    assert isinstance(result.exception, ConfigError) or "go with a model" in result.output
    assert not Path("growth.svg").exists()
