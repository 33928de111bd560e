"""Outputs at URLs: all of a verb's files are copied, or none."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner, Result

from hiervox.bins.app import app
from hiervox.processors.audio import write_audio
from hiervox.utils import storage, uploads
from hiervox.utils.errors import AudioError, ConfigError, DataError
from hiervox.utils.storage import Storage
from tests.evaluation.sounds import SAMPLE_RATE, melody
from tests.models.base.data.corpora import make_manifest
from tests.models.base.data.object_storage import BUCKET, Faults, object_storage
from tests.models.enhancement.mp_senet.tiny_mp_senet import write_tiny_mp_senet

RATE = 16_000


@pytest.fixture(scope="module")
def faults() -> Iterator[Faults]:
    with object_storage() as (_, found):
        yield found


@pytest.fixture(scope="module")
def model(faults: Faults, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A bundle at a URL."""
    folder, place = tmp_path_factory.mktemp("bundle"), Storage(f"s3://{BUCKET}/models/clean")
    write_tiny_mp_senet(folder / "mp_senet")
    for file in folder.rglob("*"):
        if file.is_file():
            place.write(file.relative_to(folder).as_posix(), file)
    return str(place)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(storage, "FIRST_WAIT", 0.001)
    monkeypatch.setenv("HIERVOX_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def noisy(tmp_path: Path) -> Path:
    soundfile.write(tmp_path / "noisy.wav", np.random.default_rng(0).normal(0, 0.1, RATE // 2), RATE)
    return tmp_path / "noisy.wav"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in (*arguments, "--device", "cpu")])


def waiting(home: Path) -> list[str]:
    """Names of the files that were not copied."""
    return sorted(
        path.name for path in (home / "outputs").rglob("*") if path.suffix != ".lock" and path.is_file()
    )


def test_a_sound_goes_there_and_is_not_replaced(
    model: str, noisy: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = f"s3://{BUCKET}/sounds/clean.wav"
    asked = ("enhance", noisy, "--out", out, "--model", model)
    done = run(*asked)
    assert done.exit_code == 0, done.output
    assert done.stdout.strip() == out and waiting(home) == []
    place = Storage(f"s3://{BUCKET}/sounds")
    assert place.names() == ["clean.wav", "clean.wav.json"]
    assert json.loads(place.read("clean.wav.json"))["model"] == model
    refused = run(*asked)
    assert isinstance(refused.exception, ConfigError)
    assert str(refused.exception) == f"{out} exists: choose another name, or add --overwrite"
    monkeypatch.setenv("HIERVOX_HOME", str(tmp_path / "elsewhere"))
    assert run(*asked, "--skip-existing").stdout.strip() == "all are there"
    assert run(*asked, "--overwrite").exit_code == 0


def test_an_upload_that_fails_leaves_nothing_there(
    model: str, noisy: Path, home: Path, faults: Faults
) -> None:
    asked = ("enhance", noisy, "--out-dir", f"s3://{BUCKET}/cut", "--model", model)
    faults.plan(r"cut/noisy\.wav$", *["put"] * 30)
    failed = run(*asked)
    faults.planned.clear()
    assert isinstance(failed.exception, DataError) and "what was made is in" in str(failed.exception)
    assert Storage(f"s3://{BUCKET}/cut").names() == []
    assert waiting(home) == ["noisy.wav", "noisy.wav.json"]
    assert run(*asked, "--skip-existing").exit_code == 0  # nothing is computed again
    assert Storage(f"s3://{BUCKET}/cut").names() == ["noisy.wav", "noisy.wav.json"]


def test_mistakes_name_the_url(model: str, noisy: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = f"s3://{BUCKET}/sounds/clean.txt"
    wrong = run("enhance", noisy, "--out", out, "--model", model)
    assert isinstance(wrong.exception, ConfigError) and str(wrong.exception).startswith(
        f"{out} is not a sound"
    )
    noisy.write_bytes(b"no sound")
    broken = run("enhance", noisy, "--out", f"s3://{BUCKET}/sounds/other.wav", "--model", model)
    assert isinstance(broken.exception, AudioError) and waiting(home) == []
    assert "names no file" in str(run("enhance", noisy, "--out", f"s3://{BUCKET}").exception)
    shared = run("extract", "--cuts", "x", "--config", "y", "--out", out, "--shard", "0/2")
    assert "--shard does not go with an output at a URL" in str(shared.exception)
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "0")
    assert "by several processes" in str(run("enhance", noisy, "--out", out).exception)


def test_one_process_at_a_time(home: Path) -> None:
    out = f"s3://{BUCKET}/a/b"
    with (
        uploads.uploaded([out]),
        pytest.raises(ConfigError, match=f"another process writes {out}"),
        uploads.uploaded([out]),
    ):
        pass


def test_folders_of_features_and_of_scores(faults: Faults, home: Path, tmp_path: Path) -> None:
    cuts = make_manifest(tmp_path / "corpus", [0.6, 0.7])
    config = tmp_path / "config.json5"
    config.write_text(json.dumps({"system": "hifigan", "part": "hifigan"}))
    out = f"s3://{BUCKET}/features"
    done = run("extract", "--cuts", cuts, "--config", config, "--out", out)
    assert done.exit_code == 0, done.output
    assert done.stdout.strip().endswith(out) and waiting(home) == []
    place = Storage(out)
    assert {"features.json", "blocks/00000.h5", "cuts.jsonl.gz"} <= set(place.files())
    assert str(home) not in gzip.decompress(place.read("cuts.jsonl.gz")).decode()
    again = run("extract", "--cuts", cuts, "--config", config, "--out", out)
    assert f"{out}/features.json exists" in str(again.exception)

    write_audio(tmp_path / "a.wav", melody(seconds=0.3), SAMPLE_RATE)
    (tmp_path / "table.csv").write_text("id,system,audio,reference\n1,ours,a.wav,a.wav\n")
    out = f"s3://{BUCKET}/scores"
    done = run("evaluate", "--table", tmp_path / "table.csv", "--out", out, "--metrics", "mcd")
    assert done.exit_code == 0, done.output
    assert {"report.html", "summary.json"} <= set(Storage(out).names()) and waiting(home) == []
