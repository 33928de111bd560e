from __future__ import annotations

import csv
import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from hiervox.models.base.data import validation
from hiervox.models.base.data.corpus import iterate_corpus
from hiervox.models.base.data.feature import Limits
from hiervox.models.base.data.manifest import read_cuts, write_cuts
from hiervox.models.base.data.validation import REPORT_NAME, validate_cuts
from hiervox.utils.errors import ConfigError, DataError
from tests.models.base.data.corpora import RATE, make_manifest, voice

TEXT = "a good one"


def bad_corpus(folder: Path) -> Path:
    """One file of each issue, and a good one; the name of a file is its reason."""
    noise = np.random.default_rng(0).normal(size=RATE)
    waves = {
        "good": (voice(1.0), RATE),
        "good_48k": (voice(1.0, 48_000), 48_000),
        "stereo": (np.stack([voice(1.0)] * 2, axis=1), RATE),
        "low_rate": (voice(1.0, 8000), 8000),
        "too_short": (voice(0.3), RATE),
        "too_long": (voice(3.0), RATE),
        "silent": (np.full(RATE, 1e-5), RATE),
        "clipped": (np.clip(voice(1.0) * 20, -1, 1), RATE),
        "unvoiced": (0.1 * noise, RATE),
        "no_text": (voice(1.0), RATE),
        "unspeakable_text": (voice(1.0), RATE),
        "unreadable_truncated": (voice(1.0), RATE),
        "unreadable_nan": (voice(1.0), RATE),
    }
    for name, (wav, rate) in waves.items():
        soundfile.write(folder / f"{name}.wav", wav, rate)
    whole = (folder / "unreadable_truncated.wav").read_bytes()
    (folder / "unreadable_truncated.wav").write_bytes(whole[: len(whole) // 2])
    broken = voice(1.0)
    broken[100] = np.nan
    soundfile.write(folder / "unreadable_nan.wav", broken, RATE, subtype="FLOAT")
    (folder / "unreadable_empty.wav").write_bytes(b"")
    texts = {"no_text": " ", "unspeakable_text": "…"}
    rows = [{"audio": f"{name}.wav", "text": texts.get(name, TEXT)} for name in [*waves, "unreadable_empty"]]
    table = folder / "table.jsonl"
    table.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    write_cuts(iterate_corpus(table), folder / "cuts.jsonl.gz")
    return folder / "cuts.jsonl.gz"


@pytest.fixture(scope="module")
def validated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bad")
    validate_cuts(bad_corpus(folder), folder / "valid", Limits(max_seconds=2.0))
    return folder / "valid"


def test_every_bad_file_is_named_with_its_reason(validated: Path) -> None:
    with (validated / REPORT_NAME).open(encoding="utf-8", newline="") as stream:
        issues = list(csv.DictReader(stream))
    found = {issue["id"]: issue["reason"] for issue in issues}
    sound = ["stereo", "low_rate", "too_short", "too_long", "silent", "clipped", "unvoiced"]
    unreadable = ["unreadable_truncated", "unreadable_nan", "unreadable_empty"]
    names = [*sound, "no_text", "unspeakable_text", *unreadable]
    assert found == {name: "unreadable" if name.startswith("unreadable") else name for name in names}
    details = {issue["id"]: issue["detail"] for issue in issues}
    assert "truncated" in details["unreadable_truncated"]
    assert "NaN" in details["unreadable_nan"]
    assert all(issue["audio"].endswith(f"{issue['id']}.wav") for issue in issues)


def test_bad_cuts_are_set_aside(validated: Path) -> None:
    assert [cut.id for cut in read_cuts(validated)] == ["good", "good_48k"]
    assert len(read_cuts(validated / "quarantine.jsonl.gz")) == 12


def test_audio_only_corpora_need_no_text(tmp_path: Path) -> None:
    result = validate_cuts(make_manifest(tmp_path, [1.0, 1.0], texts=False), tmp_path / "valid", Limits())
    assert result.good == 2
    assert result.issues == []


def test_a_corpus_without_a_good_file_is_an_error(tmp_path: Path) -> None:
    manifest = make_manifest(tmp_path, [0.2])
    with pytest.raises(DataError, match="none of the 1 utterances"):
        validate_cuts(manifest, tmp_path / "valid", Limits())
    assert (tmp_path / "valid" / REPORT_NAME).is_file()


def test_the_manifest_is_never_overwritten(tmp_path: Path) -> None:
    manifest = make_manifest(tmp_path, [1.0])
    with pytest.raises(ConfigError, match="is read as an input"):
        validate_cuts(manifest, tmp_path, Limits())


def test_a_manifest_of_features_is_not_replaced(tmp_path: Path) -> None:
    manifest = make_manifest(tmp_path, [1.0])
    features = tmp_path / "features"
    features.mkdir()
    (features / "features.json").write_text("{}")
    with pytest.raises(DataError, match="holds features"):
        validate_cuts(manifest, features, Limits())
    other = make_manifest(tmp_path / "other", [1.0]).parent
    with pytest.raises(ConfigError, match=r"cuts.jsonl.gz exists"):
        validate_cuts(manifest, other, Limits())
    validate_cuts(manifest, tmp_path / "valid", Limits())
    assert validate_cuts(manifest, tmp_path / "valid", Limits()).good == 1
    with pytest.raises(ConfigError, match="can't write into"):
        validate_cuts(manifest, manifest, Limits())


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(cuts: object, path: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    manifest = make_manifest(tmp_path / "corpus", [0.6])
    monkeypatch.setattr(validation, "write_cuts", full)
    with pytest.raises(OSError, match="No space"):
        validate_cuts(manifest, tmp_path / "new" / "out", Limits(min_seconds=0.5, max_seconds=2.5))
    assert [path.name for path in tmp_path.iterdir()] == ["corpus"]
