"""Tests of `hiervox.models.tts.valle.task` at a tiny size."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from hiervox.models.base.data.batch import Batch
from hiervox.models.tts.valle.config import (
    AutoregressiveConfig,
    AutoregressiveExperiment,
    NonAutoregressiveExperiment,
)
from hiervox.models.tts.valle.networks.spoken_token import places_of
from hiervox.models.tts.valle.task import (
    AutoregressiveTask,
    DecoderTask,
    NonAutoregressiveTask,
    corrupted,
    marked,
)
from tests.models.tts.valle.tiny_valle import SIZES
from tests.overfit import overfit


def _task(part: str, **sections: Any) -> DecoderTask[Any]:
    model = SIZES | {"dropout": 0.0} | sections.pop("model", {})
    if part == "non_autoregressive":
        model |= {"n_codebooks": 4}
    tree = {
        "system": "valle",
        "part": part,
        "out_dir": "unused",
        "data": {"cuts": "unused"},
        "model": model,
        **sections,
    }
    if part == "autoregressive":
        return AutoregressiveTask(AutoregressiveExperiment.model_validate(tree))
    return NonAutoregressiveTask(NonAutoregressiveExperiment.model_validate(tree))


def _batch() -> Batch:
    torch.manual_seed(0)
    return {
        "ids": ["long", "short"],
        "tokens": torch.tensor([[5, 9, 7, 5], [9, 7, 0, 0]]),
        "token_lengths": torch.tensor([4, 2]),
        "codes": torch.randint(0, 16, (2, 4, 12)),
        "durations": torch.tensor([[3, 1, 5, 3], [5, 3, 0, 0]]),
        "frames": torch.tensor([12, 8]),
    }


def test_a_text_gets_its_marks() -> None:
    batch = _batch()
    tokens, lengths = marked(batch["tokens"], batch["token_lengths"], AutoregressiveConfig())
    assert tokens.tolist() == [[178, 5, 9, 7, 5, 179], [178, 9, 7, 179, 0, 0]]
    assert lengths.tolist() == [6, 4]


@pytest.mark.parametrize("size", [1, 3])
def test_one_batch_is_learnt_by_heart(size: int) -> None:
    task = _task("autoregressive", model={"group_size": size})
    history = overfit(task, _batch(), steps=80, learning_rate=1e-2)
    assert history[-1]["cross_entropy"] < 0.2 * history[0]["cross_entropy"]


def test_groups_have_the_next_group_as_their_target() -> None:
    task, batch = _task("autoregressive", model={"group_size": 3}), _batch()
    output = task.forward(task.build_networks(), batch)
    assert output.logits.shape == (2, 12, 17)
    assert output.targets[0].tolist() == [*batch["codes"][0, 0, 3:].tolist(), 16, 16, 16]
    assert output.targets[1].tolist() == [*batch["codes"][1, 0, 3:8].tolist(), *[16] * 7]


@pytest.mark.parametrize("size", [1, 2])
def test_a_monotonic_decoder_learns_codes_and_how_far_the_text_goes_on(size: int) -> None:
    task = _task("autoregressive", model={"group_size": size, "monotonic": True})
    assert task.batch_fields() == {"tokens", "codes", "durations"}
    torch.manual_seed(0)
    history = overfit(task, _batch(), steps=150, learning_rate=1e-2)
    for name in ("cross_entropy", "advance"):
        first, last = (sum(terms[name] for terms in part) for part in (history[:10], history[-10:]))
        assert last < 0.5 * first


def test_a_monotonic_decoder_is_told_what_comes_next_but_for_its_prompt() -> None:
    task, batch = _task("autoregressive", model={"group_size": 2, "monotonic": True}), _batch()
    networks = {"main": task.build_networks()["main"].eval()}
    output = task.forward(networks, batch)
    assert output.advances is not None and output.advances.logits.shape == (2, 6, 5)
    # 1 1 1 2 3 3 3 3 3 4 4 4 by frames, 1 1 3 3 3 4 by groups; 1 1 1 1 1 2 2 2 and 1 1 1 2
    assert output.advances.targets.tolist() == [[2, 0, 0, 1, 1, 0], [0, 1, 1, 0, 0, 0]]
    counted = output.advances.mask.squeeze(1).int().tolist()
    assert counted[0][4:] == [1, 0] and counted[1][2:] == [1, 0, 0, 0]  # behind the last nothing is said
    assert output.mask[0, 0].tolist() == [float(value) for value in counted[0] for _ in range(2)]
    again = task.forward(networks, batch)
    assert torch.equal(again.logits, output.logits)


def test_places_follow_durations() -> None:
    places = places_of(torch.tensor([[2, 0, 1], [1, 2, 0]]), torch.tensor([3, 2]), 5)
    assert places.tolist() == [[1, 1, 3, 4, 4], [1, 2, 2, 3, 3]]


def test_codes_are_corrupted_in_training_alone() -> None:
    torch.manual_seed(0)
    codes = torch.zeros(100, 100, dtype=torch.long)
    assert (corrupted(codes, 0.2, 1000) != 0).float().mean().isclose(torch.tensor(0.2), atol=0.02)
    assert torch.equal(corrupted(codes, 0.0, 1000), codes)
    task, batch = _task("autoregressive", corrupted_codes=0.9), _batch()
    networks = {"main": task.build_networks()["main"].eval()}
    first, second = (task.forward(networks, batch).logits for _ in range(2))
    assert torch.equal(first, second)


def test_the_gain_of_the_text_is_that_of_ones_own() -> None:
    task, batch = _task("autoregressive"), _batch()
    networks = task.build_networks()
    optimizer = torch.optim.AdamW(networks["main"].parameters(), 1e-2)
    for _ in range(60):
        output = task.forward(networks, batch)
        task.losses("main", networks, batch, output, 0)["cross_entropy"].backward()
        optimizer.step()
        optimizer.zero_grad()
    with torch.no_grad():
        assert float(task.validate(networks, batch, 0)["text_gain"]) > 0.1
    single = {name: value[:1] for name, value in batch.items()}
    assert "text_gain" not in task.validate(networks, single, 0)


@pytest.mark.parametrize(
    ("prompt", "monotonic"), [("none", False), ("beginning", False), ("excerpt", False), ("excerpt", True)]
)
def test_one_batch_of_all_codebooks_is_learnt_by_heart(prompt: str, monotonic: bool) -> None:
    task = _task("non_autoregressive", model={"prompt": prompt, "monotonic": monotonic})
    history = overfit(task, _batch(), steps=150, learning_rate=1e-2)
    first, last = (sum(terms["cross_entropy"] for terms in part) for part in (history[:10], history[-10:]))
    assert last < 0.6 * first


def test_padding_counts_where_the_published_loss_is_asked_for() -> None:
    counted = _task("autoregressive", loss={"count_padding": True})
    networks, batch = counted.build_networks(), _batch()
    assert counted.forward(networks, batch).mask.sum() == 24
    output = _task("autoregressive").forward(networks, batch)
    assert output.mask.sum() == 20
    assert output.targets[1, 7:].tolist() == [16] * 5
    assert output.targets[0, :-1].tolist() == batch["codes"][0, 0, 1:].tolist()


def test_what_is_copied_in_front_does_not_count_where_it_came_from() -> None:
    task = _task("non_autoregressive", model={"prompt": "excerpt"})
    output = task.forward(task.build_networks(), _batch())
    assert output.mask.sum() == 20 - 2 * 2  # a quarter of the shorter clip
    assert output.logits.shape == (2, 12, 16)


def test_validation_does_not_draw() -> None:
    task, batch = _task("non_autoregressive"), _batch()
    networks = {"main": task.build_networks()["main"].eval()}
    with torch.no_grad():
        values = [float(task.validate(networks, batch, 0)["cross_entropy"]) for _ in range(3)]
    assert len(set(values)) == 1


def test_clips_are_chosen_by_seconds() -> None:
    task = _task("autoregressive")
    assert task.usable(75, 10) and not task.usable(30, 10) and not task.usable(15 * 75, 10)
