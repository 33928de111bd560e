"""Tests of `hiervox.models.vc.diff_hiervc.task` at a tiny size."""

from __future__ import annotations

import torch

from hiervox.models.base.training.engine import StepEngine
from hiervox.models.vc.diff_hiervc.config import DiffHierVCExperiment
from hiervox.models.vc.diff_hiervc.networks.diff_hiervc import visible_bins
from hiervox.models.vc.diff_hiervc.task import DiffHierVCTask
from tests.models.vc.diff_hiervc.tiny_diff_hiervc import MODEL
from tests.models.vc.tiny import FEATURES, MEL, batch, mean_of
from tests.overfit import overfit


def _task() -> DiffHierVCTask:
    tree = {
        "system": "diff_hiervc",
        "part": "converter",
        "out_dir": "unused",
        "data": {"cuts": "unused"},
        "model": {**MODEL, "rates": {}, "n_bands": 1},
        "mel": MEL,
        "features": FEATURES,
    }
    return DiffHierVCTask(DiffHierVCExperiment.model_validate(tree))


def test_one_batch_is_learnt_by_heart() -> None:
    torch.manual_seed(0)
    history = overfit(_task(), batch(), steps=180, learning_rate=3e-3)
    shares = {"mel": 0.2, "log_f0": 0.2, "hidden_bins": 0.5, "voice_diffusion": 0.9, "pitch_diffusion": 0.6}
    assert set(history[0]) == set(shares)
    for name, share in shares.items():
        assert mean_of(history[-20:], name) < share * mean_of(history[:20], name), name


def test_media_of_a_batch() -> None:
    engine = StepEngine(_task(), device="cpu")
    with torch.no_grad():
        media = engine.task.media(engine.inference_networks(), batch())
    assert set(media.figures) == {"mel/recorded", "mel/prior", "mel/sampled", "pitch"}


def test_bands_may_overlap() -> None:
    visible = visible_bins(torch.tensor([1, 2, 6]), 2, 8)
    assert visible.flatten().tolist() == [1, 0, 0, 0, 1, 1, 0, 0]
