"""Corpora of songs: folders that look like them become manifests, and songs are made."""

from __future__ import annotations

import json
import runpy
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from hiervox.models.base.data.manifest import read_cuts
from hiervox.processors.pitch import PitchConfig, extract_f0
from tests.conftest import REPOSITORY
from tests.models.tts.hierspeechpp.tiny_bundle import voice

DATASETS = REPOSITORY / "egs" / "datasets"


def _song(path: Path, rate: int = 24_000) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.1 * np.sin(np.arange(rate) / 10), rate)


def _opencpop(folder: Path) -> None:
    place = folder / "Opencpop" / "segments"
    for name in ("2001000001", "2001000002", "2003000007"):
        _song(place / "wavs" / f"{name}.wav", 44_100)
    lines = [f"200100000{number}|感受停在|g an|A3 A3|0.2 0.2|0.1 0.1|0 0\n" for number in (1, 2)]
    (place / "train.txt").write_text("".join(lines))
    (place / "test.txt").write_text("2003000007|我|w o|A3 A3|0.2 0.2|0.1 0.1|0 0\n")


def _m4singer(folder: Path) -> None:
    rows = []
    for singer in ("Alto-1", "Bass-2", "Tenor-3"):
        _song(folder / "m4singer" / f"{singer}#歌" / "0000.wav", 48_000)
        rows.append({"item_name": f"{singer}#歌#0000", "txt": "你好", "phs": ["n", "i"]})
    (folder / "m4singer" / "meta.json").write_text(json.dumps(rows))


def _opensinger(folder: Path) -> None:
    for side, singer in (("ManRaw", 0), ("ManRaw", 12), ("WomanRaw", 3)):
        song = folder / "OpenSinger" / side / f"{singer}_歌"
        _song(song / f"{singer}_歌_0.wav")
        (song / f"{singer}_歌_0.txt").write_text("你好\n")


def _svcc(folder: Path) -> None:
    for singer in ("IDF1", "CDM1", "SF1"):
        _song(folder / "SVCC2023" / "Data" / singer / "10001.wav")


CORPORA = {
    "svcc": (_svcc, (), (2, 1), {"IDF1", "CDM1", "SF1"}),
    "opencpop": (_opencpop, (), (2, 1), {"opencpop"}),
    "m4singer": (_m4singer, ("--test-speakers", "1"), (2, 1), {"Alto-1", "Bass-2", "Tenor-3"}),
    "opensinger": (_opensinger, ("--test-speakers", "1"), (2, 1), {"man0", "man12", "woman3"}),
}


def _corpus(action: str, corpus: str, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = ["python", str(DATASETS / "corpus.py"), action, "--corpus", corpus]
    return subprocess.run(
        [*command, "--folder", str(folder), *more], capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize("corpus", CORPORA)
def test_a_corpus_of_songs_becomes_manifests(corpus: str, tmp_path: Path) -> None:
    make, options, counts, singers = CORPORA[corpus]
    missing = _corpus("download", corpus, tmp_path)
    assert missing.returncode == 1 and missing.stderr.count("\n") == 1 and "unpack it there" in missing.stderr
    make(tmp_path)
    done = _corpus("prepare", corpus, tmp_path, "--out", str(tmp_path / "data"), *options)
    assert done.returncode == 0, done.stderr
    sides = [list(read_cuts(tmp_path / "data" / side)) for side in ("train", "test")]
    assert tuple(map(len, sides)) == counts
    supervisions = [cut.supervisions[0] for side in sides for cut in side]
    assert {supervision.speaker for supervision in supervisions} == singers
    if corpus == "svcc":
        assert {supervision.language for supervision in supervisions} == {"en-us"}
        assert [cut.supervisions[0].speaker for cut in sides[1]] == ["SF1"]
    else:
        assert all(supervision.language == "cmn" and supervision.text for supervision in supervisions)


def test_a_recording_sings_a_melody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(DATASETS))
    songs = runpy.run_path(str(DATASETS / "mini_songs.py"))
    spoken = np.repeat(voice(1.0, f0=150), 3)[::2].astype(np.float32)  # at 24 kHz
    sung, f0 = songs["sing"](spoken, np.random.default_rng(0))
    assert len(sung) == pytest.approx(1.4 * len(spoken), rel=0.02) and np.abs(sung).max() <= 0.7
    voiced = f0[f0 > 0]
    notes = 12 * np.log2(voiced / 440)
    near = np.abs(notes - np.round(notes)) < 0.3
    assert near.mean() > 0.6 and voiced.max() / voiced.min() > 1.1
    tracked = extract_f0(sung, 24_000, PitchConfig(method="dio"), "the song")[: len(f0)]
    both = (tracked > 0) & (f0[: len(tracked)] > 0)
    assert both.mean() > 0.4
    assert np.median(np.abs(1200 * np.log2(tracked[both] / f0[: len(tracked)][both]))) < 30
