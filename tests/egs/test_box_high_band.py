"""The box recipe's measure of super-resolution."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from hiervox.models.base.checkpoints.checkpoint import save_weights
from hiervox.models.sr.speechsr.config import SpectralSpeechSRConfig
from hiervox.models.sr.speechsr.networks.spectral import SpectralSpeechSR
from hiervox.processors.audio import read_audio, resample, write_audio
from tests.conftest import REPOSITORY

LOCAL = REPOSITORY / "egs" / "tts" / "hierspeechpp" / "box" / "research"


@pytest.fixture(autouse=True)
def _local_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(LOCAL))


def _noise(seed: int, samples: int = 24_000) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.05, samples).astype(np.float32)


def _checkpoint(folder: Path) -> None:
    config = SpectralSpeechSRConfig(kind="istft", channels=8, n_blocks=1)
    folder.mkdir()
    tree = {"system": "speechsr", "part": "speechsr", "model": config.model_dump(mode="json")}
    save_weights(folder, SpectralSpeechSR(config).state_dict(), tree)


def test_distances_tell_fine_structure_from_envelope() -> None:
    distances = importlib.import_module("high_band").distances
    recorded = _noise(0)
    same = distances(recorded, recorded, 24_000)
    assert max(same[0].max(), same[1].max()) == 0
    by_bin, by_band = (figure.mean() for figure in distances(recorded, _noise(1), 24_000))
    assert 6 < by_bin < 9 and by_band < 2
    by_bin, by_band = (figure.mean() for figure in distances(recorded, 0.1 * recorded, 24_000))
    assert (by_bin, by_band) == (pytest.approx(20, abs=0.01), pytest.approx(20, abs=0.01))
    empty = resample(resample(recorded, 24_000, 16_000), 16_000, 24_000)
    assert distances(recorded, empty, 24_000)[1].mean() > 30


def test_recordings_without_the_band_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = resample(resample(_noise(0, 48_000), 48_000, 16_000), 16_000, 48_000)
    hissing = narrow + 1e-4 * _noise(1, 48_000)
    sounds = {"full": (_noise(2), 24_000), "narrow": (narrow, 48_000), "hissing": (hissing, 48_000)}
    sounds |= {"low": (_noise(3, 16_000), 16_000)}
    for name, (wav, rate) in sounds.items():
        write_audio(tmp_path / "in" / f"{name}.wav", wav, rate)
    lines = [json.dumps({"audio": f"{name}.wav", "speaker": name}) + "\n" for name in sounds]
    (tmp_path / "in" / "manifest.jsonl").write_text("".join(lines))
    arguments = ["full_band.py", "--manifest", tmp_path / "in" / "manifest.jsonl", "--rate", "24000"]
    monkeypatch.setattr(sys, "argv", [*map(str, arguments), "--out", str(tmp_path / "out" / "full.jsonl")])
    importlib.import_module("full_band").main()
    kept = (tmp_path / "out" / "full.jsonl").read_text()
    assert kept == '{"audio": "../in/full.wav", "speaker": "full"}\n'


def test_a_network_makes_recordings_for_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _checkpoint(tmp_path / "teacher")
    lines = [json.dumps({"audio": f"{name}.flac", "speaker": name}) + "\n" for name in "abc"]
    for number, name in enumerate("abc"):
        write_audio(tmp_path / f"{name}.flac", _noise(number, 16_000), 16_000)
    (tmp_path / "manifest.jsonl").write_text("".join(lines))
    arguments = ["--manifest", tmp_path / "manifest.jsonl", "--checkpoint", tmp_path / "teacher"]
    arguments += ["--out", tmp_path / "out", "--clips", "2", "--seconds", "0.5"]
    monkeypatch.setattr(sys, "argv", ["raise_corpus.py", *map(str, arguments)])
    importlib.import_module("raise_corpus").main()
    rows = [json.loads(line) for line in (tmp_path / "out" / "manifest.jsonl").read_text().splitlines()]
    assert len(rows) == 2 and {row["speaker"] for row in rows} <= set("abc")
    for row in rows:
        wav, rate = read_audio(tmp_path / "out" / row["audio"])
        assert (wav.size, rate) == (12_000, 24_000)


def test_a_table_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _checkpoint(tmp_path / "light")
    write_audio(tmp_path / "a.wav", _noise(0), 24_000)
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text('{"audio": "a.wav"}\n')
    arguments = ["high_band.py", "--manifest", manifest, "--rate", "24000", tmp_path / "light"]
    monkeypatch.setattr(sys, "argv", [*map(str, arguments), "--threads", "1"])
    importlib.import_module("high_band").main()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("|")[1].strip() for line in lines] == ["system", "---", "sinc interpolation", "light"]
    assert all(line.count("|") == 5 for line in lines)
