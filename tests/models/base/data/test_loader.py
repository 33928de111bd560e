from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch

from hiervox.models.base.config import DataConfig, ExperimentConfig, TrainConfig
from hiervox.models.base.data.index import CutIndex
from hiervox.models.base.data.loader import CutLoader
from hiervox.models.base.data.manifest import read_cuts
from hiervox.models.base.data.setup import FeaturesConfig
from hiervox.utils.errors import ConfigError, DataError
from tests.models.base.data.corpora import FIELDS, cut_frames, features, make_manifest

ALL = FIELDS


class Experiment(ExperimentConfig):
    """An experiment with features."""

    features: FeaturesConfig = features()


def load(folder: Path, **changes: Any) -> list[dict[str, Any]]:
    """The batches of `cut_loader`, with small defaults."""
    wanted: dict[str, Any] = {
        "fields": ALL, "split": "train", "epoch": 0, "skip_batches": 0, "rank": 0, "world_size": 1, "seed": 5,
        "sample_rate": 16_000, "dev_size": 4, "max_frames": None, "batch_size": 4, "max_batch_seconds": None,
        "workers": 0, "usable": None, "pad_multiple": 1280,
    }  # fmt: skip
    wanted |= changes
    train = {name: wanted.pop(name) for name in ("batch_size", "max_batch_seconds", "workers")}
    order = {name: wanted.pop(name) for name in ("epoch", "skip_batches", "rank", "world_size")}
    fields, split, usable = wanted.pop("fields"), wanted.pop("split"), wanted.pop("usable")
    seed = wanted.pop("seed")
    data = DataConfig(cuts=folder, **wanted)
    experiment = Experiment(
        system="x", part="y", out_dir=Path("unused"), seed=seed, data=data, train=TrainConfig(**train)
    )
    return list(CutLoader(experiment, fields, usable).batches(split, **order))


def equal(one: dict[str, Any], other: dict[str, Any]) -> bool:
    tensors = one.keys() - {"ids"}
    return (
        one.keys() == other.keys()
        and one["ids"] == other["ids"]
        and all(torch.equal(one[key], other[key]) for key in tensors)
    )


def same(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> bool:
    return len(one) == len(other) and all(map(equal, one, other))


def ids(batches: list[dict[str, Any]]) -> list[str]:
    return [identity for batch in batches for identity in batch["ids"]]


def test_a_batch_has_what_the_fields_say(feature_folder: Path) -> None:
    cuts = {cut.id: cut for cut in read_cuts(feature_folder)}
    batches = load(feature_folder)
    assert len(ids(batches)) == 26
    for batch in batches:
        size, longest = len(batch["ids"]), int(batch["frames"].max())
        assert batch["frames"].tolist() == [cut_frames(cuts[identity]) for identity in batch["ids"]]
        assert batch["wav"].shape == (size, 320 * longest)
        assert batch["f0"].shape == (size, 4 * longest)
        assert batch["semantic"].shape == batch["semantic_perturbed"].shape == (size, 3, longest)
        assert batch["tokens"].shape == (size, int(batch["token_lengths"].max()))
        assert batch["tokens"].dtype == batch["frames"].dtype == torch.int64
        assert batch["wav"].dtype == batch["f0"].dtype == batch["semantic"].dtype == torch.float32
        for row, frames in enumerate(batch["frames"].tolist()):
            assert not batch["wav"][row, 320 * frames :].any()
            assert batch["semantic"][row, 0, :frames].tolist() == list(range(frames))
            assert (batch["tokens"][row, : batch["token_lengths"][row]] > 0).all()
            energy = batch["wav"][row].unfold(0, 320, 320).abs().mean(-1)
            torch.testing.assert_close(batch["semantic"][row, 1], energy, rtol=2e-3, atol=1e-4)


def test_only_the_fields_are_loaded(feature_folder: Path) -> None:
    (batch, *_) = load(feature_folder, fields=frozenset({"f0"}))
    assert batch.keys() == {"ids", "frames", "f0"}
    with pytest.raises(ConfigError, match="no feature 'mell': did you mean 'mel'"):
        load(feature_folder, fields=frozenset({"mell"}))


def test_skipped_batches_are_just_left_out(feature_folder: Path) -> None:
    for limits in ({}, {"max_batch_seconds": 5.0, "batch_size": 8}):
        whole = load(feature_folder, epoch=3, **limits)
        assert len(whole) > 4
        for skip in (1, 4, len(whole)):
            assert same(load(feature_folder, epoch=3, skip_batches=skip, **limits), whole[skip:])


def test_workers_change_nothing(feature_folder: Path) -> None:
    crops = {"max_frames": 24, "fields": ALL - {"tokens"}}
    assert same(load(feature_folder, workers=2, **crops), load(feature_folder, **crops))


def test_a_loader_can_be_read_twice(feature_folder: Path) -> None:
    data, train = DataConfig(cuts=feature_folder, pad_multiple=1280), TrainConfig(batch_size=4, workers=0)
    experiment = Experiment(system="x", part="y", out_dir=Path("unused"), data=data, train=train)
    order = {"epoch": 0, "skip_batches": 1, "rank": 0, "world_size": 1}
    loader = CutLoader(experiment, frozenset({"f0"})).batches("train", **order)
    assert same(list(loader), list(loader))


def test_epochs_differ_in_order_and_seeds_in_split(feature_folder: Path) -> None:
    first, second = load(feature_folder, epoch=0), load(feature_folder, epoch=1)
    assert ids(first) != ids(second)
    assert sorted(ids(first)) == sorted(ids(second))
    assert sorted(ids(load(feature_folder, seed=6))) != sorted(ids(first))


def test_the_dev_set_is_fixed_and_not_trained_on(feature_folder: Path) -> None:
    dev = load(feature_folder, split="dev")
    train = load(feature_folder)
    assert len(ids(dev)) == 4
    assert not set(ids(dev)) & set(ids(train))
    assert len(set(ids(dev)) | set(ids(train))) == 30
    assert same(load(feature_folder, split="dev", epoch=7), dev)
    assert load(feature_folder, split="dev", dev_size=0) == []


def test_ranks_share_the_data(feature_folder: Path) -> None:
    parts = [load(feature_folder, rank=rank, world_size=2) for rank in (0, 1)]
    assert len(parts[0]) == len(parts[1])
    assert not set(ids(parts[0])) & set(ids(parts[1]))
    assert set(ids(parts[0])) | set(ids(parts[1])) == set(ids(load(feature_folder)))


@pytest.mark.parametrize("limits", [{}, {"max_batch_seconds": 3.0, "batch_size": 8}])
def test_ranks_share_the_batches_of_one_process(feature_folder: Path, limits: dict[str, Any]) -> None:
    share = {"batch_size": 4, **limits}
    whole = {name: 2 * value for name, value in share.items()}
    one = load(feature_folder, epoch=1, **whole)
    parts = [load(feature_folder, epoch=1, rank=rank, world_size=2, **share) for rank in (0, 1)]
    assert len(one) == len(parts[0]) == len(parts[1]) > 2
    for batch, first, second in zip(one, *parts, strict=True):
        kept = len(batch["ids"]) // 2 * 2
        assert [*first["ids"], *second["ids"]] == [*batch["ids"][0:kept:2], *batch["ids"][1:kept:2]]
        if kept < len(batch["ids"]):
            continue  # what was left out may have been the longest
        for name in ALL:  # padded to one length too
            assert torch.equal(first[name], batch[name][0:kept:2])
            assert torch.equal(second[name], batch[name][1:kept:2])


def test_what_cannot_be_shared_waits_and_in_the_dev_set_is_repeated(feature_folder: Path) -> None:
    share = {"batch_size": 4, "world_size": 3}
    trained = [load(feature_folder, rank=rank, **share) for rank in range(3)]
    assert [len(batch["ids"]) for part in trained for batch in part] == [4, 4] * 3  # of 26: 12, 12, 2
    later = [ids(load(feature_folder, rank=rank, epoch=1, **share)) for rank in range(3)]
    assert {id for part in later for id in part} != {id for part in trained for id in ids(part)}
    dev = [load(feature_folder, split="dev", rank=rank, **share) for rank in range(3)]
    assert [len(ids(part)) for part in dev] == [2, 2, 2]
    assert {id for part in dev for id in ids(part)} == set(ids(load(feature_folder, split="dev")))


def test_an_utterance_over_the_limit_is_trained_on_by_any_number_of_processes(feature_folder: Path) -> None:
    for world_size in (1, 2):
        batches = load(feature_folder, max_batch_seconds=0.5, world_size=world_size)
        assert all(len(batch["ids"]) == 1 for batch in batches)
        assert len(batches) >= 24 // world_size


def test_a_corpus_is_mixed_as_a_whole(feature_folder: Path) -> None:
    first = [load(feature_folder, epoch=epoch, dev_size=0)[0]["ids"] for epoch in range(5)]
    assert max(map(max, first)) > "u20"


def test_batches_keep_to_their_limits(feature_folder: Path) -> None:
    batches = load(feature_folder, batch_size=6, max_batch_seconds=4.0)
    assert max(len(batch["ids"]) for batch in batches) <= 6
    assert all(batch["wav"].numel() <= 4.0 * 16_000 for batch in batches)
    assert len(batches) < 16


def test_like_lengths_come_together(tmp_path: Path) -> None:
    manifest = make_manifest(tmp_path, [0.5] * 20 + [2.0] * 20, texts=False)
    batches = load(manifest, fields=frozenset({"wav"}), dev_size=0, batch_size=4)
    assert len(batches) == 10
    assert all(len(set(batch["frames"].tolist())) == 1 for batch in batches)


def test_long_utterances_are_cropped_alike_in_all_fields(feature_folder: Path) -> None:
    crops = {"max_frames": 24, "fields": ALL - {"tokens"}}
    first, second = load(feature_folder, **crops), load(feature_folder, epoch=1, **crops)
    starts = {}
    for batch in first:
        for row, identity in enumerate(batch["ids"]):
            assert batch["frames"][row] == 24
            start = int(batch["semantic"][row, 0, 0])
            starts[identity] = start
            assert batch["semantic"][row, 0].tolist() == list(range(start, start + 24))
            energy = batch["wav"][row].unfold(0, 320, 320).abs().mean(-1)
            torch.testing.assert_close(batch["semantic"][row, 1], energy, rtol=2e-3, atol=1e-4)
    later = {
        identity: int(start)
        for batch in second
        for identity, start in zip(batch["ids"], batch["semantic"][:, 0, 0], strict=True)
    }
    assert starts != later
    assert len(set(starts.values())) > 5


def test_with_tokens_long_utterances_are_left_out(feature_folder: Path) -> None:
    batches = load(feature_folder, max_frames=48, dev_size=2)
    assert 0 < len(ids(batches)) < 28
    assert all(int(batch["frames"].max()) <= 48 for batch in batches)
    with pytest.raises(DataError, match=r"30 over data\.max_frames"):
        load(feature_folder, max_frames=8)


def test_both_perturbed_copies_are_used(feature_folder: Path) -> None:
    cuts = {cut.id: cut for cut in read_cuts(feature_folder)}
    picked = set()
    for batch in load(feature_folder, fields=frozenset({"semantic_perturbed"})):
        for row, identity in enumerate(batch["ids"]):
            given = batch["semantic_perturbed"][row, :, : int(batch["frames"][row])].T.numpy()
            copies = [cuts[identity].custom[f"semantic_perturbed_{copy}"].load() for copy in (0, 1)]
            picked |= {copy for copy in (0, 1) if (copies[copy] == given).all()}
    assert picked == {0, 1}


@pytest.mark.parametrize("max_frames", [None, 20])
def test_other_rates_come_from_the_recordings(tmp_path: Path, max_frames: int | None) -> None:
    manifest = make_manifest(tmp_path, [1.0, 1.2], texts=False, rate=48_000)
    wanted = {"fields": frozenset({"wav"}), "dev_size": 0, "max_frames": max_frames}
    (full,) = load(manifest, sample_rate=48_000, **wanted | {"pad_multiple": 3 * 1280})
    (low,) = load(manifest, **wanted)
    assert full["frames"].tolist() == low["frames"].tolist()
    assert full["wav"].shape[1] == 3 * low["wav"].shape[1] == 960 * int(full["frames"].max())
    assert full["wav"].std() == pytest.approx(float(low["wav"].std()), rel=0.05)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dev_size": 30}, "has 30 usable utterances"),
        ({"folder": "nowhere"}, "no cut manifest"),
    ],
)
def test_unusable_data_says_so(feature_folder: Path, changes: dict[str, Any], message: str) -> None:
    folder = Path(changes.pop("folder", feature_folder))
    with pytest.raises(DataError, match=message):
        load(folder, **changes)


def test_missing_fields_name_the_hint(tmp_path: Path) -> None:
    manifest = make_manifest(tmp_path, [0.6, 0.6])
    with pytest.raises(DataError, match="has no semantic: run `hiervox extract`"):
        load(manifest, fields=frozenset({"semantic"}), dev_size=0)
    with pytest.raises(DataError, match="no utterance to train on"):
        load(manifest, fields=frozenset({"tokens"}), dev_size=0)


def test_what_a_part_refuses_is_left_out(feature_folder: Path) -> None:
    cuts = {cut.id: cut for cut in read_cuts(feature_folder)}
    limit = sorted(cut_frames(cut) for cut in cuts.values())[len(cuts) // 2]

    def usable(frames: int, tokens: int | None) -> bool:
        return frames <= limit and tokens is not None

    kept = ids(load(feature_folder, usable=usable, dev_size=0))
    assert sorted(kept) == sorted(name for name, cut in cuts.items() if cut_frames(cut) <= limit)
    assert 0 < len(kept) < len(cuts)
    with pytest.raises(DataError, match="30 outside the part's limits"):
        load(feature_folder, usable=lambda frames, tokens: False)


def _truncate(store: Path) -> None:
    store.write_bytes(store.read_bytes()[:5000])


def _spoil(store: Path) -> None:
    with h5py.File(store, "r+") as file:
        for cut in file.values():
            cut["f0"][10] = np.nan


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_truncate, r"can't read .*00000\.h5 \("),
        (lambda store: store.write_bytes(b""), r"can't read .*00000\.h5 \("),
        (lambda store: store.unlink(), "it is not there"),
        (_spoil, "f0 of u.. holds NaN or infinity"),
    ],
)
def test_broken_feature_files_are_one_line(
    feature_folder: Path, tmp_path: Path, damage: Callable[[Path], object], message: str
) -> None:
    shutil.copytree(feature_folder, tmp_path / "features")
    damage(tmp_path / "features" / "blocks" / "00000.h5")
    with pytest.raises(DataError, match=message) as caught:
        load(tmp_path / "features", fields=frozenset({"f0"}))
    assert "run `hiervox extract` again" in str(caught.value)


def test_the_dev_set_is_a_manifest_of_its_own(feature_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = sorted(ids(load(feature_folder, split="dev", seed=11)))
    written = [
        [cut.id for cut in read_cuts(path)]
        for path in (feature_folder / "cuts.index").glob("*/dev-*.jsonl.gz")
    ]
    assert names in [sorted(found) for found in written]

    def scan(self: CutIndex) -> None:
        raise AssertionError("the ids are ranked once")

    monkeypatch.setattr(CutIndex, "ids", scan)
    assert sorted(ids(load(feature_folder, split="dev", seed=11))) == names


def test_an_index_follows_its_manifest(tmp_path: Path) -> None:
    make_manifest(tmp_path, [0.5] * 4, texts=False)
    wanted = {"fields": frozenset({"wav"}), "dev_size": 0}
    assert len(ids(load(tmp_path, **wanted))) == 4
    make_manifest(tmp_path, [0.5] * 6, texts=False)
    assert len(ids(load(tmp_path, **wanted))) == 6
    assert len(list((tmp_path / "cuts.index").iterdir())) == 1
