"""Tests of `hiervox.models.svc.diffwavenet_svc` at a tiny size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from hiervox.models.base.checkpoints.checkpoint import load_network
from hiervox.models.base.training.engine import StepEngine
from hiervox.models.svc.diffwavenet_svc.config import DiffWaveNetSVCExperiment
from hiervox.models.svc.diffwavenet_svc.network import DiffWaveNetSVC
from hiervox.models.svc.diffwavenet_svc.task import DiffWaveNetSVCTask
from hiervox.utils.errors import ConfigError
from tests.models.svc.diffwavenet_svc.tiny_diffwavenet_svc import MODEL, write_diffwavenet_svc
from tests.models.svc.tiny import batch, experiment_tree
from tests.overfit import overfit


def _task(**model: Any) -> DiffWaveNetSVCTask:
    tree = experiment_tree("diffwavenet_svc", {**MODEL, **model})
    return DiffWaveNetSVCTask(DiffWaveNetSVCExperiment.model_validate(tree))


def test_it_learns_a_batch_by_heart() -> None:
    torch.manual_seed(0)
    history = overfit(_task(), batch(), steps=130, learning_rate=6e-3)
    for name, share in {"noise": 0.7, "prior": 0.4}.items():
        first, last = (sum(terms[name] for terms in part) for part in (history[:20], history[-20:]))
        assert last < share * first, name


def test_without_a_prior_there_is_no_such_loss() -> None:
    task = _task(prior=None)
    assert "prior" not in StepEngine(task, device="cpu").step(batch(), 0)
    assert task.weights(0) == {"noise": 1.0}


def test_padding_is_not_seen(tmp_path: Path) -> None:
    network, _ = load_network(write_diffwavenet_svc(tmp_path / "model"))
    assert isinstance(network.eval(), DiffWaveNetSVC)
    song, noisy, steps = _task().song(batch()), torch.randn(2, 20, 40), torch.tensor([3, 30])
    style = network.table_style(torch.tensor([0, 1]))
    found = network.wavenet(noisy, steps, network.condition(song, style), song.mask)
    part = song.frames(0, 32)
    alone = network.wavenet(noisy[..., :32], steps, network.condition(part, style), part.mask)
    torch.testing.assert_close(found[1, :, :32], alone[1], atol=1e-5, rtol=1e-4)


def test_media_of_a_batch() -> None:
    engine = StepEngine(_task(), device="cpu")
    with torch.no_grad():
        media = engine.task.media(engine.inference_networks(), batch())
    assert set(media.figures) == {"mel/recorded", "mel/sung"}


def test_shallow_diffusion_begins_with_the_prior(tmp_path: Path) -> None:
    network, _ = load_network(write_diffwavenet_svc(tmp_path / "model"))
    assert isinstance(network.eval(), DiffWaveNetSVC) and network.prior is not None
    song = _task().song(batch())
    style = network.table_style(torch.tensor([0, 1]))
    none = torch.zeros(2, 20, 40)
    with torch.no_grad():
        prior = network.restore(network.prior(network.condition(song, style), song.mask).clamp(-1, 1))
        sung = [network.sing(song, style, lambda draw: none, 1, "ddim", depth) for depth in (0.03, 1.0)]
    errors = [float((mel - prior).abs().mean()) for mel in sung]
    assert errors[0] < 0.1 * errors[1]
    bare, _ = load_network(write_diffwavenet_svc(tmp_path / "bare", prior=None))
    assert isinstance(bare, DiffWaveNetSVC)
    with pytest.raises(ConfigError, match="predicts no spectrogram to begin with: set depth to 1"):
        bare.sing(song, style, lambda draw: none, 4, depth=0.5)
