"""Shards hold what the manifest holds, and training reads it from there just the same."""

from __future__ import annotations

import json
import re
import shutil
import time
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import typer
from typer.testing import CliRunner

from hiervox.bins.shard import shard as command
from hiervox.models.base.config import DataConfig, ExperimentConfig, StreamConfig, TrainConfig
from hiervox.models.base.data import sharding
from hiervox.models.base.data import shards as shards_module
from hiervox.models.base.data.loader import CutLoader
from hiervox.models.base.data.manifest import read_cuts
from hiervox.models.base.data.sampling import BatchLimit
from hiervox.models.base.data.setup import FeaturesConfig
from hiervox.models.base.data.shard_cache import Prefetcher, ShardCache
from hiervox.models.base.data.sharding import shard
from hiervox.models.base.data.shards import Chunk
from hiervox.models.base.data.streaming import StreamBatches
from hiervox.utils.errors import DataError, HierVoxError
from tests.models.base.data.corpora import FIELDS, features, make_manifest

SHARD_BYTES = 200_000


class Experiment(ExperimentConfig):
    """An experiment with features."""

    features: FeaturesConfig = features()


@pytest.fixture(scope="module")
def corpus(feature_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The 30 utterances in shards of two blocks at most."""
    out = tmp_path_factory.mktemp("shards") / "corpus"
    shard(feature_folder, out, shard_bytes=SHARD_BYTES)
    return out


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of one block, so that there are several."""
    monkeypatch.setattr(shards_module, "CHUNK_BYTES", 1)
    shards_module._open.cache_clear()


def load(cuts: Path, cache: Path, **changes: Any) -> list[dict[str, Any]]:
    """The batches of an epoch."""
    wanted: dict[str, Any] = {
        "split": "train", "epoch": 0, "skip_batches": 0, "rank": 0, "world_size": 1, "fields": FIELDS,
        "workers": 0, "batch_size": 3, "max_batch_seconds": None, "dev_size": 4, "shuffle_cuts": 14,
        "max_frames": None, "cache_gb": 1.0, "sample_rate": 16_000,
    } | changes  # fmt: skip
    stream = StreamConfig(cache_dir=cache, shuffle_cuts=wanted["shuffle_cuts"], cache_gb=wanted["cache_gb"])
    experiment = Experiment(
        system="x",
        part="y",
        out_dir=Path("unused"),
        seed=5,
        data=DataConfig(
            cuts=cuts,
            stream=stream,
            dev_size=wanted["dev_size"],
            sample_rate=wanted["sample_rate"],
            pad_multiple=1280,
            max_frames=wanted["max_frames"],
        ),
        train=TrainConfig(
            batch_size=wanted["batch_size"],
            max_batch_seconds=wanted["max_batch_seconds"],
            workers=wanted["workers"],
        ),
    )
    order = {name: wanted[name] for name in ("epoch", "skip_batches", "rank", "world_size")}
    loader = CutLoader(experiment, frozenset(wanted["fields"]))
    return list(loader.batches(wanted["split"], **order))


def ids(batches: list[dict[str, Any]]) -> list[str]:
    return [identity for batch in batches for identity in batch["ids"]]


def same(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> bool:
    return len(one) == len(other) and all(
        left.keys() == right.keys()
        and all(
            torch.equal(left[key], right[key])
            if isinstance(left[key], torch.Tensor)
            else left[key] == right[key]
            for key in left
        )
        for left, right in zip(one, other, strict=True)
    )


def rows(batches: list[dict[str, Any]], field: str, per_frame: int) -> dict[str, torch.Tensor]:
    """Each utterance's field, without padding."""
    return {
        identity: batch[field][row, ..., : per_frame * int(batch["frames"][row])]
        for batch in batches
        for row, identity in enumerate(batch["ids"])
    }


def test_shards_give_what_the_manifest_gives(corpus: Path, feature_folder: Path, tmp_path: Path) -> None:
    for split in ("train", "dev"):
        local, streamed = load(feature_folder, tmp_path, split=split), load(corpus, tmp_path, split=split)
        assert sorted(ids(local)) == sorted(ids(streamed))  # the same dev set, too
        for field, per_frame in (("wav", 320), ("f0", 4), ("semantic", 1), ("semantic_perturbed", 1)):
            expected, found = rows(local, field, per_frame), rows(streamed, field, per_frame)
            assert all(torch.equal(expected[name], found[name]) for name in expected)


def test_batches_that_were_used_are_skipped(corpus: Path, tmp_path: Path) -> None:
    for limits in ({}, {"max_batch_seconds": 4.0, "batch_size": 8}):
        whole = load(corpus, tmp_path, epoch=3, **limits)
        assert len(whole) > 4 and len(ids(whole)) == 26
        for skip in (1, len(whole) // 2, len(whole) - 1, len(whole)):
            assert same(load(corpus, tmp_path, epoch=3, skip_batches=skip, **limits), whole[skip:])


def test_workers_and_the_state_of_the_cache_change_nothing(corpus: Path, tmp_path: Path) -> None:
    one = load(corpus, tmp_path / "one")
    assert same(load(corpus, tmp_path / "two", workers=2), one)
    assert same(load(corpus, tmp_path / "one"), one)


def test_epochs_differ_and_each_has_all(corpus: Path, tmp_path: Path) -> None:
    first, second = load(corpus, tmp_path), load(corpus, tmp_path, epoch=1)
    assert ids(first) != ids(second) and sorted(ids(first)) == sorted(ids(second))


@pytest.mark.parametrize("shuffle_cuts", [5, 100])
def test_ranks_share_all_cuts_in_equally_many_batches(
    corpus: Path, tmp_path: Path, shuffle_cuts: int
) -> None:
    parts = [
        load(corpus, tmp_path, rank=rank, world_size=2, shuffle_cuts=shuffle_cuts, batch_size=2, dev_size=0)
        for rank in (0, 1)
    ]
    assert len(parts[0]) == len(parts[1])
    first, second = map(ids, parts)
    assert not set(first) & set(second)
    assert len(first) + len(second) >= 30 - len(parts[0])  # at most one of a batch can't be shared


def test_batches_keep_to_their_limits(corpus: Path, tmp_path: Path) -> None:
    batches = load(corpus, tmp_path, batch_size=6, max_batch_seconds=4.0)
    assert max(len(batch["ids"]) for batch in batches) <= 6
    assert all(batch["wav"].numel() <= 4.0 * 16_000 for batch in batches)


def test_segments_are_cut_as_from_a_manifest(corpus: Path, feature_folder: Path, tmp_path: Path) -> None:
    wanted = {"max_frames": 24, "fields": FIELDS - {"tokens"}, "epoch": 2}
    local, streamed = load(feature_folder, tmp_path, **wanted), load(corpus, tmp_path, **wanted)
    for field, per_frame in (("wav", 320), ("f0", 4), ("semantic", 1)):
        expected, found = rows(local, field, per_frame), rows(streamed, field, per_frame)
        assert all(torch.equal(expected[name], found[name]) for name in expected)


def test_the_cache_is_bounded(corpus: Path, tmp_path: Path) -> None:
    whole = load(corpus, tmp_path / "large")
    chunks = list((tmp_path / "large").glob("*/chunks-0/0*"))
    sizes = [sum(file.stat().st_size for file in chunk.iterdir()) for chunk in chunks]
    assert len(chunks) == 2
    small = {"cache_gb": 1.1 * max(sizes) / 1e9, "shuffle_cuts": 1}
    bounded = load(corpus, tmp_path / "small", **small)
    assert len(list((tmp_path / "small").glob("*/chunks-0/0*"))) == 1
    assert sorted(ids(bounded)) == sorted(ids(whole))
    with pytest.raises(DataError, match=r"lower data\.stream\.shuffle_cuts"):
        load(corpus, tmp_path / "none", cache_gb=1e-6)


def test_the_next_epoch_finds_its_first_window(corpus: Path, tmp_path: Path) -> None:
    index, ones = shards_module.open_shards(corpus, tmp_path), np.ones(30, np.int64)

    def plan(seed: int) -> StreamBatches:
        return StreamBatches(index.chunks, ones > 0, ones, ones, BatchLimit(4, None), 1, seed, 0, 0, 0, 1)

    def chunks(epoch: StreamBatches) -> list[Chunk]:
        return [chunk for window in epoch.windows() for chunk in window.chunks]

    epoch = next(plan(seed) for seed in range(99) if chunks(plan(seed)) == chunks(plan(seed).following()))
    cache = ShardCache(index, tmp_path / "cache")
    cache.folder.mkdir()
    room = 1.1 * max(map(index.bytes_of, index.chunks))  # for one
    first, second = (cache.place(chunk) for chunk in chunks(epoch))
    prefetcher = Prefetcher(cache, epoch.windows(), islice(epoch.following().windows(), 1), room)
    prefetcher.start()
    try:
        for window, (place, other) in enumerate([(first, second), (second, first), (first, second)]):
            until = time.monotonic() + 20
            while not place.is_dir() and time.monotonic() < until:
                time.sleep(0.01)
            assert place.is_dir() and not other.exists()
            prefetcher.release(window)
    finally:
        prefetcher.close()


def test_prompts_are_of_the_window(corpus: Path, tmp_path: Path) -> None:
    wanted = {"fields": FIELDS | {"prompt"}, "shuffle_cuts": 100}
    batches = load(corpus, tmp_path, **wanted)
    assert same(load(corpus, tmp_path, skip_batches=4, workers=1, **wanted), batches[4:])
    assert all(batch["prompt_lengths"].min() > 0 for batch in batches)


def test_lhotse_reads_them(corpus: Path, feature_folder: Path) -> None:
    from lhotse import CutSet

    local = {cut.id: cut for cut in read_cuts(feature_folder)}
    read = {cut.id: cut for cut in CutSet.from_shar(in_dir=corpus / "shar")}
    assert read.keys() == local.keys()
    for name, cut in read.items():
        assert np.array_equal(cut.load_audio(), local[name].load_audio())
        assert np.array_equal(cut.load_custom("f0"), local[name].load_custom("f0"))
        stored = local[name].load_custom("wav")
        assert np.array_equal(np.rint(cut.load_custom("wav")[0] * 2**15), stored)


def test_a_run_that_was_stopped_goes_on(
    feature_folder: Path, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharding, "extraction_context", lambda device: get_context("fork"))
    out = tmp_path / "corpus"
    shutil.copytree(corpus, out)
    for name in ("shards.json", "table.npy", "index/000001.json", "index/000001.npz"):
        (out / name).unlink()
    (out / "shar" / "f0.000001.tar").write_bytes(b"half")
    before = (out / "shar" / "f0.000000.tar").stat()
    done = shard(feature_folder, out, shard_bytes=SHARD_BYTES, jobs=2)
    assert (done.cuts, done.shards, done.written) == (30, 2, 1)
    assert (out / "shar" / "f0.000000.tar").stat() == before
    for file in corpus.rglob("*"):
        if file.is_file():
            assert file.read_bytes() == (out / file.relative_to(corpus)).read_bytes(), file
    assert shard(feature_folder, out, shard_bytes=SHARD_BYTES).written == 0
    with pytest.raises(DataError, match=r"another plan \(shard_bytes\)"):
        shard(feature_folder, out, shard_bytes=SHARD_BYTES + 1)
    with pytest.raises(HierVoxError, match=r"features\.json exists"):
        shard(feature_folder, feature_folder)


def test_the_command_tells_what_there_is(feature_folder: Path, tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(command)
    out = str(tmp_path / "out")
    told = CliRunner().invoke(app, ["--cuts", str(feature_folder), "--out", out], catch_exceptions=False)
    assert re.match(r"30 utterances \(0\.01 h\) in 1 shards \(\d\.\d\d GB\): ", told.output)
    told = CliRunner().invoke(app, ["--cuts", str(feature_folder), "--out", out, "--json"])
    assert json.loads(told.output)["written"] == 0


def test_waveforms_alone(feature_folder: Path, tmp_path: Path) -> None:
    shard(feature_folder, tmp_path / "alone", recordings=False)
    batches = load(tmp_path / "alone", tmp_path / "cache")
    assert len(ids(batches)) == 26
    with pytest.raises(
        HierVoxError, match=r"holds no recordings: write it with `hiervox shard --recordings`"
    ):
        load(tmp_path / "alone", tmp_path / "cache", sample_rate=8000, fields={"wav"}, max_frames=10)


def test_plain_recordings_in_opus(tmp_path: Path) -> None:
    manifest = make_manifest(tmp_path, [0.6] * 5, texts=False)
    shard(manifest, tmp_path / "opus", codec="opus")
    wanted = {"fields": {"wav"}, "dev_size": 0, "batch_size": 5}
    local, lossy = (load(path, tmp_path / "cache", **wanted) for path in (manifest, tmp_path / "opus"))
    expected, found = rows(local, "wav", 320), rows(lossy, "wav", 320)
    for name, wav in expected.items():
        assert 0.9 < float(torch.corrcoef(torch.stack([wav, found[name]]))[0, 1]) < 1


def test_damaged_tables_are_told(corpus: Path, tmp_path: Path) -> None:
    shutil.copytree(corpus, tmp_path / "bad")
    (tmp_path / "bad" / "table.npy").write_bytes(b"")
    with pytest.raises(DataError, match=r"table\.npy is damaged"):
        load(tmp_path / "bad", tmp_path / "cache")
    (tmp_path / "bad" / "shards.json").write_text("{}")
    with pytest.raises(DataError, match=r"shards\.json can't be read"):
        load(tmp_path / "bad", tmp_path / "cache")
