"""The sections of an adversarial training, and the terms that they switch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import Field, ValidationError
from torch import Tensor, nn

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.adversarial import AdversarialTask, Generated
from hiervox.models.base.training.adversarial_config import AdversarialExperiment, AdversarialLossConfig
from hiervox.models.base.training.curves import draw_curves, loss_curves
from hiervox.models.base.training.discriminators import AnyDiscriminator
from hiervox.modules.discriminators.multi_period import MultiPeriodConfig
from hiervox.modules.discriminators.wavelet import WaveletConfig


class Experiment(AdversarialExperiment):
    discriminators: dict[str, AnyDiscriminator] = Field(
        {
            "period": MultiPeriodConfig(periods=(2, 3), channels=(2, 4)),
            "bands": WaveletConfig(levels=1, width=8),
        }
    )


class Task(AdversarialTask[Experiment]):
    def build_generator(self) -> nn.Module:
        return nn.Conv1d(1, 1, 3, padding=1)

    def generate(self, generator: nn.Module, batch: Batch) -> Generated:
        return Generated(real=batch["wav"], fake=generator(batch["wav"]))

    def reconstruction_losses(self, batch: Batch, generated: Generated, step: int) -> dict[str, Tensor]:
        return {"mel": (generated.real - generated.fake).abs().mean()}


def experiment(**sections: Any) -> Experiment:
    tree = {"system": "toy", "part": "toy", "out_dir": "run", "data": {"cuts": "none"}, **sections}
    return Experiment.model_validate(tree)


def test_an_entry_without_a_type_changes_the_default_of_its_name() -> None:
    own = experiment(
        discriminators={"period": {"periods": [5]}, "more": {"type": "multi_scale", "n_scales": 1}}
    )
    assert own.discriminators["period"] == MultiPeriodConfig(periods=(5,), channels=(2, 4))
    assert set(own.discriminators) == {"period", "more"}
    assert Experiment.model_validate(own.model_dump(mode="json")) == own
    with pytest.raises(ValidationError, match=r"discriminators\.new"):
        experiment(discriminators={"new": {"periods": [5]}})


def test_discriminators_take_part_where_one_of_their_terms_counts() -> None:
    nothing = {"adversarial": 0, "feature_matching": 0}
    later = {"adversarial": {"end": 1, "last_step": 5}, "feature_matching": 0}
    assert experiment().adversarial and experiment(loss=later).adversarial
    assert not experiment(loss=nothing).adversarial and not experiment(discriminators={}).adversarial
    assert Task(experiment(loss=nothing)).phases == ("main",)
    assert list(Task(experiment()).build_networks()) == ["main", "discriminator"]
    assert experiment().discriminator_samples == 3


@pytest.mark.parametrize("kind", ["least_squares", "hinge", "clipped_hinge"])
def test_terms_follow_the_kind_and_the_members_weights(kind: str) -> None:
    def terms(weight: float) -> dict[str, Tensor]:
        torch.manual_seed(0)
        one = {"period": {"type": "multi_period", "periods": [2], "channels": [2, 2], "weight": weight}}
        task = Task(experiment(discriminators=one, loss={"kind": kind}))
        networks, batch = task.build_networks(), {"wav": torch.randn(2, 1, 64)}
        output = task.forward(networks, batch)
        return {
            **task.losses("discriminator", networks, batch, output, 0),
            **task.losses("main", networks, batch, output, 0),
        }

    whole, half = terms(1.0), terms(0.5)
    assert set(whole) == {"discriminator", "mel", "adversarial", "feature_matching"}
    assert half["mel"] == whole["mel"]
    for name in ("discriminator", "adversarial", "feature_matching"):
        assert half[name].item() == pytest.approx(0.5 * whole[name].item())


def test_weights_follow_the_step() -> None:
    ramp = {"end": 4, "first_step": 2, "last_step": 4}
    task = Task(experiment(loss={"adversarial": ramp}))
    assert [task.weights(step)["adversarial"] for step in (0, 3, 9)] == [0, 2, 4]
    assert task.total({"adversarial": torch.tensor(3.0)}, 3).item() == 6


def test_an_unknown_kind_of_loss_is_refused() -> None:
    with pytest.raises(ValidationError, match="least_squares"):
        AdversarialLossConfig.model_validate({"kind": "wasserstein"})


def test_curves_are_those_of_the_losses(tmp_path: Path) -> None:
    rows = [
        {"step": 1, "epoch": 0, "split": "train", "mel": 3.0, "learning_rate": 1e-4, "seconds": 2.0},
        {"step": 2, "epoch": 0, "split": "train", "mel": 2.0, "gradient_norm/main": 1.0},
        {"step": 2, "epoch": 0, "split": "dev", "mel": 2.5, "total": 9.0},
    ]
    assert loss_curves(rows) == {
        "mel": {"train": ([1, 2], [3.0, 2.0]), "dev": ([2], [2.5])},
        "total": {"dev": ([2], [9.0])},
    }
    metrics, picture = tmp_path / "metrics.jsonl", tmp_path / "losses.png"
    metrics.write_text("")
    draw_curves(metrics, picture)
    assert not picture.exists()
    metrics.write_text("".join(json.dumps(row) + "\n" for row in rows))
    draw_curves(metrics, picture)
    assert picture.read_bytes().startswith(b"\x89PNG")
