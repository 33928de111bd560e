"""Tests of `hiervox.models.codec.encodec.task` at a tiny size."""

from __future__ import annotations

from typing import Any

import torch

from hiervox.models.base.training.engine import StepEngine
from hiervox.models.codec.encodec.config import EncodecExperiment
from hiervox.models.codec.encodec.task import EncodecTask
from tests.models.codec.encodec.tiny_encodec import SIZES
from tests.overfit import overfit


def _task(**sections: Any) -> EncodecTask:
    tree = {
        "system": "encodec",
        "part": "encodec",
        "out_dir": "unused",
        "data": {"cuts": "unused", "segment_samples": 1600},
        "model": SIZES | {"strides": [2, 2, 2, 4], "n_entries": 32, "bandwidths": [3.75, 15.0]},
        "discriminators": {"stft": {"window_lengths": [256, 128], "channels": 4}},
        **sections,
        "loss": {"mel_windows": [128, 512]} | sections.get("loss", {}),
    }
    return EncodecTask(EncodecExperiment.model_validate(tree))


def _batch() -> dict[str, Any]:
    time = torch.arange(1600) / 24_000
    pitches = torch.tensor([150.0, 220.0]).unsqueeze(1)
    wav = sum(torch.sin(2 * torch.pi * harmonic * pitches * time) / harmonic for harmonic in range(1, 8))
    return {"ids": ["low", "high"], "wav": 0.2 * torch.as_tensor(wav), "frames": torch.tensor([5, 5])}


def test_one_batch_is_learnt_by_heart() -> None:
    # Small shares: in so few steps the discriminators learn the two clips by heart, and say nothing else.
    shares = {"adversarial": 0.02, "feature_matching": 0.02, "balancer_decay": 0.9}
    history = overfit(_task(loss=shares), _batch(), steps=45, learning_rate=3e-3)
    assert {"wave", "mel", "commitment", "adversarial", "feature_matching", "balanced"} < set(history[0])
    first, last = (sum(terms["mel"] for terms in part) for part in (history[:5], history[-5:]))
    assert last < 0.7 * first


def test_codebooks_of_the_drawn_bandwidth_are_set_by_the_data() -> None:
    task = _task()
    engine = StepEngine(task, device="cpu")
    assert task.codebooks == [1, 4]
    drawn = set()
    for step in range(8):
        engine.step(_batch(), step)
        codebooks = engine.bare("main").quantizer.codebooks
        drawn.add(sum(bool(book.initialized) for book in codebooks))
        assert codebooks[0].initialized
    assert 4 in drawn


def test_the_balancer_is_saved_with_the_discriminators() -> None:
    engine = StepEngine(_task(), device="cpu")
    engine.step(_batch(), 0)
    state = engine.bare("discriminator").state_dict()
    assert (state["balancer.counts"] == 1).all() and (state["balancer.sums"] > 0).all()


def test_weights_are_plain_without_discriminators() -> None:
    history = overfit(_task(loss={"adversarial": 0.0, "feature_matching": 0.0}), _batch(), steps=30)
    assert set(history[0]) == {"wave", "mel", "commitment"}
    assert history[-1]["mel"] < history[0]["mel"]


def test_the_mel_distance_may_be_of_logarithms() -> None:
    wav, task = torch.randn(1, 1, 4000), _task(loss={"mel_distance": "log"})
    assert task.mel_loss(wav, wav) == 0
    # Ten decibels less power in every band that a filter covers: log(10), and 0 in empty ones.
    assert 1.0 < task.mel_loss(wav / 10**0.5, wav) <= 2.31


def test_validation_needs_no_gradient() -> None:
    engine = StepEngine(_task(), device="cpu")
    with torch.no_grad():
        values = engine.task.validate(engine.inference_networks(), _batch(), 0)
    assert "balanced" not in values and torch.isfinite(values["total"])
