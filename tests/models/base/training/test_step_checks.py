from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate.state import AcceleratorState
from torch import Tensor, nn

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.loop import train
from hiervox.utils.errors import ConfigError, TrainingError
from tests.models.base.toy import ToyTask, toy_experiment


@pytest.fixture(autouse=True)
def fresh_accelerate() -> Iterator[None]:
    AcceleratorState._reset_state(True)
    yield
    AcceleratorState._reset_state(True)


def made(losses: Any) -> type[ToyTask]:
    """The toy task with other losses of its generator."""

    class Mistaken(ToyTask):
        def losses(
            self, phase: str, networks: Mapping[str, nn.Module], batch: Batch, output: Tensor, step: int
        ) -> dict[str, Tensor]:
            terms = super().losses(phase, networks, batch, output, step)
            changed: dict[str, Tensor] = losses(terms, output) if phase == "generator" else terms
            return changed

    return Mistaken


@pytest.mark.parametrize(
    ("losses", "message"),
    [
        (lambda terms, output: sum(terms.values()), "Mistaken.losses of phase 'generator' returned a Tensor"),
        (lambda terms, output: {}, "Mistaken.losses of phase 'generator' returned no loss term"),
        (
            lambda terms, output: {"reconstruction": float(terms["reconstruction"].detach())},
            "returned a float for 'reconstruction': return a dict of scalar tensors",
        ),
        (
            lambda terms, output: {"reconstruction": output},
            r"returned a tensor of shape \(6, 4\) for 'reconstruction': return its mean or its sum",
        ),
        (
            lambda terms, output: {"reconstruction": terms["reconstruction"].detach()},
            "no loss of phase 'generator' of Mistaken depends on the network 'generator'",
        ),
    ],
)
def test_losses_of_another_kind_are_told_by_their_term(losses: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=message):
        train(made(losses)(toy_experiment(tmp_path)), "cpu")
    assert not list((tmp_path / "checkpoints").glob("step-*"))
    train(ToyTask(toy_experiment(tmp_path)), "cpu")  # the folder can be used once the mistake is corrected


def test_losses_that_pass_by_a_network_are_refused(tmp_path: Path) -> None:
    elsewhere = nn.Parameter(torch.ones(()))
    with pytest.raises(TrainingError, match="depends on the network 'generator'"):
        train(made(lambda terms, output: {"reconstruction": elsewhere * 2})(toy_experiment(tmp_path)), "cpu")


def test_a_weight_that_names_no_term_is_told_with_the_term_that_has_none(tmp_path: Path) -> None:
    class Misspelt(ToyTask):
        def weights(self, step: int) -> Mapping[str, float]:
            return {"reconstrution": 10.0, "adversarial": 1.0}

    message = "'reconstruction' of Misspelt has no weight, and reconstrution is not a term: rename loss"
    with pytest.raises(ConfigError, match=message):
        train(Misspelt(toy_experiment(tmp_path)), "cpu")


def test_weights_may_stand_for_terms_that_come_later(tmp_path: Path) -> None:
    class Later(ToyTask):
        def weights(self, step: int) -> Mapping[str, float]:
            return {"reconstruction": 10.0, "adversarial": 1.0, "perceptual": 3.0}

    train(Later(toy_experiment(tmp_path, max_steps=2)), "cpu")
