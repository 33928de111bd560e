"""A toy adversarial system on a line of numbers, with dropout, for tests of the loop.

`python -m tests.models.base.toy OUT STEPS [--resume] [--kill-at N]` trains it; `--kill-at` ends the process,
the last one of several, without warning when batch N is asked for.
"""

from __future__ import annotations

import argparse
import os
import signal
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from hiervox.models.base.card import Part, SystemCard
from hiervox.models.base.config import DataConfig, ExperimentConfig, TrainConfig
from hiervox.models.base.data.batch import Batch, Split
from hiervox.models.base.registry import SYSTEMS
from hiervox.models.base.training.loop import train
from hiervox.models.base.training.task import Media, TrainingTask
from hiervox.utils.config import Config

BATCHES_AN_EPOCH = 7


class ToyModelConfig(Config):
    width: int = 8


class ToyExperiment(ExperimentConfig):
    model: ToyModelConfig = ToyModelConfig()


class ToyGenerator(nn.Module):
    def __init__(self, config: ToyModelConfig) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, config.width), nn.Dropout(0.3), nn.Linear(config.width, 4))

    def forward(self, noise: Tensor) -> Tensor:
        output: Tensor = self.layers(noise)
        return output


class ToyTask(TrainingTask[ToyExperiment]):
    phases = ("discriminator", "generator")
    main = "generator"
    kill_at: int | None = None

    def build_networks(self) -> dict[str, nn.Module]:
        return {"generator": ToyGenerator(self.config.model), "discriminator": nn.Linear(4, 1)}

    def loader(
        self, split: Split, *, epoch: int, skip_batches: int, rank: int, world_size: int
    ) -> Iterable[Batch]:
        for index in range(skip_batches, BATCHES_AN_EPOCH):
            asked_for = epoch * BATCHES_AN_EPOCH + index
            marker = self.config.out_dir.with_name("killed")
            if (
                self.kill_at == asked_for
                and split == "train"
                and rank == world_size - 1
                and not marker.exists()
            ):
                marker.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            torch.rand(3)  # a careless loader must not disturb the networks' noise
            seed = 1000 * epoch + 10 * index + rank + (5 if split == "dev" else 0)
            yield {"real": torch.randn(6, 4, generator=torch.Generator().manual_seed(seed))}

    def forward(self, networks: Mapping[str, nn.Module], batch: Batch) -> Tensor:
        output: Tensor = networks["generator"](batch["real"] + torch.randn_like(batch["real"]))
        return output

    def losses(
        self, phase: str, networks: Mapping[str, nn.Module], batch: Batch, output: Tensor, step: int
    ) -> dict[str, Tensor]:
        critic = networks["discriminator"]
        if phase == "discriminator":
            real, fake = critic(batch["real"]), critic(output.detach())
            return {"real": functional.softplus(-real).mean(), "fake": functional.softplus(fake).mean()}
        return {
            "adversarial": functional.softplus(-critic(output)).mean(),
            "reconstruction": (output - batch["real"]).abs().mean(),
        }

    def weights(self, step: int) -> Mapping[str, float]:
        return {"reconstruction": 10.0}

    def media(self, networks: Mapping[str, nn.Module], batch: Batch) -> Media:
        return Media(audio={"noise": (0.1 * torch.ones(160), 16000)})


CARD = SystemCard(
    name="toy",
    task="toy",
    summary="A toy",
    paper="none",
    weights_licence="none",
    parts=(
        Part(
            name="toy",
            config="tests.models.base.toy:ToyExperiment",
            network="tests.models.base.toy:ToyGenerator",
            task="tests.models.base.toy:ToyTask",
        ),
    ),
)


def toy_experiment(out_dir: Path, **train_keys: Any) -> ToyExperiment:
    keys = {"save_every": 5, "validate_every": 5, "log_every": 2, "ema_decay": 0.9, "clip_norm": 1.0}
    return ToyExperiment(
        system="toy",
        part="toy",
        out_dir=out_dir,
        data=DataConfig(cuts=Path("none")),
        train=TrainConfig(**{"max_steps": 20, **keys, **train_keys}),
    )


def register() -> None:
    if CARD.name not in SYSTEMS:
        SYSTEMS.add(CARD)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("steps", type=int)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--kill-at", type=int)
    arguments = parser.parse_args()
    register()
    task = ToyTask(toy_experiment(arguments.out, max_steps=arguments.steps))
    task.kill_at = arguments.kill_at
    train(task, device="cpu", resume=arguments.resume, resume_command="toy --resume")


if __name__ == "__main__":
    from tests.models.base.toy import main as importable_main  # the card names this module, not __main__

    importable_main()
