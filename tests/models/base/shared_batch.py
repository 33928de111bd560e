"""Trains the experiments of config files, so that one process and several that share its batches can agree.

`python -m tests.models.base.shared_batch CONFIG...`, by itself or through `accelerate launch`. There is no
dropout, and each item's noise depends on its place in the whole batch, not on which process trains on it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from hiervox.models.base.training.experiment import build_task, load_experiment
from hiervox.models.base.training.loop import TrainingLoop

SEED = 3


def share_noise(rank: int, world_size: int) -> None:
    """Let torch draw the noise of the whole batch and return this process's items of it."""
    generator = torch.Generator().manual_seed(SEED)

    def shared(draw: Callable[..., Tensor]) -> Callable[..., Tensor]:
        def draw_share(*sizes: Any, **options: Any) -> Tensor:
            items, *rest = sizes[0] if len(sizes) == 1 else sizes
            return draw(items * world_size, *rest, generator=generator)[rank::world_size]

        return draw_share

    torch.randn, torch.rand = shared(torch.randn), shared(torch.rand)  # type: ignore[assignment]
    torch.randn_like = lambda like: torch.randn(like.shape)  # type: ignore[assignment]


def main() -> None:
    loops = [TrainingLoop(build_task(load_experiment(Path(path))), "cpu") for path in sys.argv[1:]]
    accelerator = loops[0].accelerator
    share_noise(accelerator.process_index, accelerator.num_processes)
    for loop in loops:
        for network in loop.engine.networks.values():
            for module in network.modules():
                if isinstance(module, nn.Dropout):
                    module.p = 0.0
        loop.begin()
        loop.run()


if __name__ == "__main__":
    main()
