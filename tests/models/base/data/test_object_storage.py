"""Shards on object storage: faults that pass are not noticed, others are one line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hiervox.models.base.data import shards as shards_module
from hiervox.models.base.data.sharding import shard
from hiervox.utils import storage
from hiervox.utils.errors import DataError
from hiervox.utils.storage import Storage, url_of
from tests.models.base.data.object_storage import BUCKET, Faults, object_storage
from tests.models.base.data.test_shards import ids, load, same

CORPUS = f"s3://{BUCKET}/corpus"


@pytest.fixture(scope="module")
def faults() -> Iterator[Faults]:
    """A server for all tests here."""
    with object_storage() as (_, found):
        yield found


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries follow each other at once, and slow answers are given up early."""
    monkeypatch.setattr(storage, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(storage, "READ_SECONDS", 0.3)
    monkeypatch.setattr(shards_module, "CHUNK_BYTES", 1)
    shards_module._open.cache_clear()


@pytest.fixture(scope="module")
def corpus(faults: Faults, feature_folder: Path) -> str:
    """The 30 utterances on the server."""
    shard(feature_folder, Path(CORPUS), shard_bytes=200_000)
    return CORPUS


def test_a_path_may_be_a_url() -> None:
    assert url_of(Path("s3://bucket/a/b")) == "s3://bucket/a/b" == url_of("s3://bucket/a/b")
    assert url_of("hf://datasets/a/b") == "hf://datasets/a/b"
    for plain in ("data/a", "/data/a", "a:b", "C:/data", "file:///data"):
        assert url_of(plain) is None


def test_a_stream_from_storage_is_that_from_a_folder(
    corpus: str, feature_folder: Path, tmp_path: Path
) -> None:
    local = tmp_path / "local"
    shard(feature_folder, local, shard_bytes=200_000)
    for split in ("train", "dev"):
        expected = load(local, tmp_path / "one", split=split)
        assert same(load(Path(corpus), tmp_path / "two", split=split, workers=1), expected)


def test_faults_that_pass_are_tried_again(corpus: str, faults: Faults, tmp_path: Path) -> None:
    expected = load(Path(corpus), tmp_path / "whole")
    faults.met.clear()
    faults.plan(r"wav\.0", "500", "cut", "slow", "500")
    faults.plan(r"cuts\.0", "cut", "slow")
    assert same(load(Path(corpus), tmp_path / "spoilt"), expected)
    assert sorted(faults.met) == ["500", "500", "cut", "cut", "slow", "slow"]


def test_faults_that_stay_are_one_line(corpus: str, faults: Faults, tmp_path: Path) -> None:
    faults.plan(r"f0\.0", *["500"] * 200)
    with pytest.raises(DataError, match=r"can't read s3://bucket/corpus/shar/f0\.0.*tried 6 times"):
        load(Path(corpus), tmp_path)
    faults.planned.clear()
    assert len(ids(load(Path(corpus), tmp_path))) == 26  # what was fetched before is used


@pytest.mark.parametrize("damage", ["truncated", "changed", "missing"])
def test_damaged_objects_are_one_line(corpus: str, damage: str, tmp_path: Path) -> None:
    import s3fs

    files, name = s3fs.S3FileSystem(), f"{BUCKET}/corpus/shar/f0.000000.tar"
    whole = files.cat_file(name)
    if damage == "missing":
        files.rm_file(name)
    else:
        middle = len(whole) // 2
        files.pipe_file(
            name, whole[:middle] + (b"" if damage == "truncated" else b"\xff" + whole[middle + 1 :])
        )
    try:
        with pytest.raises(DataError, match=r"f0\.000000\.tar|shard 0 of s3://bucket/corpus is damaged"):
            load(Path(corpus), tmp_path)
    finally:
        files.pipe_file(name, whole)


def test_what_is_not_there_is_one_line(faults: Faults, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no whole corpus of shards"):
        load(Path(f"s3://{BUCKET}/nothing"), tmp_path)


def test_a_write_that_fails_for_a_while_is_whole(faults: Faults, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"0123456789")
    place = Storage(f"s3://{BUCKET}/written")
    place.write("name", tmp_path / "file")
    assert place.size("name") == 10 and place.read("name", 2, 5) == b"234" and place.names() == ["name"]
    with pytest.raises(DataError, match="1 of 6 bytes came"):
        place.read("name", 9, 15)
