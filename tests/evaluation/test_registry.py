from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from hiervox.evaluation import metrics
from hiervox.evaluation.metric import Context
from hiervox.evaluation.metrics.f0 import PitchCorrelation
from hiervox.evaluation.registry import METRICS, build_metrics
from hiervox.utils.errors import ConfigError, DependencyError
from tests.evaluation.test_run import Peak


@pytest.fixture(autouse=True)
def forget():
    METRICS.forget()
    yield
    METRICS.forget()


def test_every_file_of_the_folder_is_a_metric_that_says_what_it_is() -> None:
    files = {file.stem for file in Path(metrics.__path__[0]).glob("*.py")} - {"__init__"}
    assert {metric.__module__.rpartition(".")[2] for metric in METRICS.values()} == files
    for name, metric in METRICS.items():
        assert metric.measures and metric.paper and metric.figures, name
        for figure, shown in metric.figures.items():
            assert not shown.column or shown.column in metric.columns, (name, figure)


def test_figures_and_columns_of_all_metrics_are_different() -> None:
    for attribute in ("figures", "columns", "vectors"):
        names = [name for metric in METRICS.values() for name in getattr(metric, attribute)]
        assert len(names) == len(set(names)), attribute


def test_a_package_adds_a_metric(monkeypatch) -> None:
    points = [
        EntryPoint("peak", "tests.evaluation.test_run:Peak", "hiervox.metrics"),
        EntryPoint("broken", "no.such.module:Metric", "hiervox.metrics"),
    ]
    monkeypatch.setattr("hiervox.utils.registry.entry_points", lambda group: points)
    assert METRICS["peak"] is Peak
    assert "broken" not in METRICS


def test_a_package_s_metric_of_a_name_that_is_taken_is_left_out(monkeypatch) -> None:
    point = EntryPoint("f0", "hiervox.evaluation.metrics.f0:PitchCorrelation", "hiervox.metrics")
    monkeypatch.setattr("hiervox.utils.registry.entry_points", lambda group: [point])
    assert METRICS["f0"] is PitchCorrelation
    assert "two metrics are called 'f0'" in METRICS.left_out["f0"].reason


def test_all_leaves_out_with_a_reason_what_a_name_refuses(monkeypatch) -> None:
    chosen = {name: METRICS[name] for name in ("f0", "utmos")}
    monkeypatch.setattr(METRICS, "_entries", chosen)
    ready, left_out = build_metrics(["all"], Context())
    assert [metric.name for metric in ready] == ["f0"]
    assert "utmos.weights" in left_out["utmos"]
    with pytest.raises(DependencyError, match="UTMOS"):
        build_metrics(["utmos"], Context())


def test_settings_reach_their_metric() -> None:
    [metric], _ = build_metrics(["mcd"], Context(), ["mcd.sample_rate=24000"])
    assert metric.config.sample_rate == 24000
    assert "24000 Hz" in metric.settings["mel cepstrum"]


@pytest.mark.parametrize(
    ("names", "override", "message"),
    [
        (["simm"], "", "no metric 'simm': did you mean 'sim"),
        ([], "", "no metrics"),
        (["mcd"], "mcd.rate=1", "unknown key 'rate'"),
        (["mcd"], "mdc.sample_rate=1", "no metric 'mdc'"),
        (["mcd"], "fad.embedding=mel", "does not run"),
        (["mcd"], "mcd=1", "names no key"),
    ],
)
def test_mistakes_are_told(names, override, message) -> None:
    with pytest.raises(ConfigError, match=message):
        build_metrics(names, Context(), [override] if override else [])
