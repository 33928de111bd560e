"""`hiervox prepare`, `validate` and `extract`, one after the other."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile
import typer
from typer.testing import CliRunner

from hiervox.bins.extract import extract
from hiervox.bins.prepare import prepare
from hiervox.bins.validate import validate
from hiervox.models.base.data.manifest import read_cuts
from hiervox.utils.errors import ConfigError
from tests.cluster.local import PickledLauncher
from tests.models.base.conftest import BUILDER, build
from tests.models.base.data.corpora import make_table

CONFIG = '{features: {semantic: {family: "whisper", name: "none"}, pitch: {method: "dio"}}}'


def call(verb: Callable[..., None], *arguments: str) -> str:
    app = typer.Typer()
    app.command()(verb)
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_from_a_table_to_features(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BUILDER, build)
    table = make_table(tmp_path, [0.6, 0.7, 0.2])
    (tmp_path / "config.json5").write_text(CONFIG, encoding="utf-8")
    raw, valid, store = (str(tmp_path / name) for name in ("raw", "valid", "features"))
    soundfile.write(tmp_path / "u01.wav", soundfile.read(tmp_path / "u01.wav")[0] * 1e-4, 16_000)

    assert "3 utterances" in call(prepare, "--table", str(table), "--out", raw)
    told = json.loads(call(prepare, "--table", str(table), "--out", raw, "--overwrite", "--json"))
    assert (told["utterances"], told["unreadable"]) == (3, 0) and Path(told["cuts"]).is_file()
    assert told["seconds"] == pytest.approx(1.5)
    report = call(validate, "--cuts", raw, "--out", valid)
    assert "1 utterances are good" in report
    assert "silent: 1" in report
    assert "too_short: 1" in report
    told = json.loads(call(validate, "--cuts", raw, "--out", valid, "--json"))
    assert (told["good"], told["set_aside"]) == (1, 2) and told["seconds"] == pytest.approx(0.6)
    assert told["reasons"] == {"silent": 1, "too_short": 1} and Path(told["report"]).is_file()
    config = str(tmp_path / "config.json5")
    extracted = call(
        extract, "--cuts", valid, "--out", store, "--config", config, "--set", "features.perturbed_copies=0"
    )
    assert "1 utterances have features" in extracted
    assert [cut.id for cut in read_cuts(Path(store))] == ["u00"]

    monkeypatch.setattr("hiervox.utils.ray_launcher.RayLauncher", PickledLauncher)
    given = ("--cuts", valid, "--out", f"{store}-ray", "--config", config, "--ray", "local")
    extracted = call(extract, *given, "--set", "features.perturbed_copies=0")
    assert "blocks that were done again, as their processes died (its node is gone): 0\n" in extracted
    assert Path(f"{store}-ray/cuts.jsonl.gz").read_bytes() == Path(f"{store}/cuts.jsonl.gz").read_bytes()
    for twice in (("--jobs", "2"), ("--shard", "0/2")):
        with pytest.raises(ConfigError, match="--ray shares the work by itself: leave --jobs and --shard"):
            call(extract, *given, *twice)


def test_prepare_replaces_a_manifest_only_when_told(tmp_path: Path) -> None:
    out = str(tmp_path / "raw")
    call(prepare, "--table", str(make_table(tmp_path / "a", [0.6])), "--out", out)
    before = (tmp_path / "raw" / "cuts.jsonl.gz").read_bytes()
    table = str(make_table(tmp_path / "b", [0.6, 0.6]))
    with pytest.raises(ConfigError, match=r"exists: choose another name, or add --overwrite"):
        call(prepare, "--table", table, "--out", out)
    assert (tmp_path / "raw" / "cuts.jsonl.gz").read_bytes() == before
    call(prepare, "--table", table, "--out", out, "--overwrite")
    assert len(read_cuts(tmp_path / "raw")) == 2
