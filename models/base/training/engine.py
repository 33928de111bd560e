"""One step of training: networks, optimizers, and the update that one batch makes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from accelerate.utils import send_to_device
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from hiervox.models.base.training.freezing import frozen_parameters
from hiervox.models.base.training.randomness import seed_everything
from hiervox.models.base.training.task import Batch, TrainingTask
from hiervox.modules.losses.counts import counts_over_processes
from hiervox.utils.device import choose_device
from hiervox.utils.errors import ConfigError

Tensors = tuple[Tensor, ...] | list[Tensor]


class StepEngine:
    """Networks and optimizers of a task, and the update that one batch makes. Touches no file.

    Args:
        task: what to train.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, …

    Attributes:
        networks: as prepared by accelerate, by name.
        average: the exponential moving average of the main network; None without `train.ema_decay`.

    Raises:
        ConfigError: `fp16` on the CPU, no such device, or `train.freeze` names what is not there.
    """

    def __init__(self, task: TrainingTask[Any], device: str = "auto") -> None:
        self.task = task
        self.train_config = task.config.train
        chosen = choose_device(device)
        if chosen.type == "cpu" and self.train_config.precision == "fp16":
            raise ConfigError("train.precision is fp16, which the CPU does not train in", "use bf16 or no")
        if chosen.type == "cuda" and chosen.index is not None:
            torch.cuda.set_device(chosen)
        self.accelerator = Accelerator(
            cpu=chosen.type == "cpu",
            mixed_precision=self.train_config.precision,
            gradient_accumulation_steps=self.train_config.accumulate,
            # discriminators run on real and generated sound before one backward pass
            kwargs_handlers=[
                DistributedDataParallelKwargs(broadcast_buffers=False, find_unused_parameters=True)
            ],
        )
        seed_everything(task.config.seed)
        built = task.build_networks()
        if set(built) != set(task.turns) or task.main not in built:
            raise ValueError(f"networks {sorted(built)} and turns {task.turns} differ")
        self._frozen = frozen_parameters(built[task.main], self.train_config.freeze)
        self._freeze()
        self.networks: dict[str, nn.Module] = {}
        self.optimizers: dict[str, Any] = {}
        for network in built.values():
            network.to(self.accelerator.device)
        self.average = self._average_of(built[task.main])
        for name, network in built.items():
            self.networks[name], self.optimizers[name] = self.accelerator.prepare(
                network, self._optimizer(network)
            )
        # ranks start from the same weights and go on with noise of their own
        seed_everything(task.config.seed + self.accelerator.process_index)

    def _average_of(self, network: nn.Module) -> AveragedModel | None:
        decay = self.train_config.ema_decay
        return None if decay is None else AveragedModel(network, multi_avg_fn=_growing_average(decay))

    def _optimizer(self, network: nn.Module) -> torch.optim.Optimizer:
        config = self.train_config.optimizer
        return torch.optim.AdamW(
            network.parameters(),
            lr=config.learning_rate,
            betas=config.betas,
            eps=config.eps,
            weight_decay=config.weight_decay,
            fused=self.train_config.precision
            != "fp16",  # the gradient scaler and clipping need the plain one
        )

    def restart_average(self) -> None:
        """Begin the average anew from the main network's present weights."""
        self.average = self._average_of(self.bare(self.task.main))

    def bare(self, name: str) -> nn.Module:
        """The network without accelerate's wrapping."""
        network: nn.Module = self.accelerator.unwrap_model(self.networks[name])
        return network

    def set_learning_rate(self, rate: float) -> None:
        """Set every optimizer's rate."""
        for optimizer in self.optimizers.values():
            for group in optimizer.param_groups:
                group["lr"] = rate

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Train on one batch; with accumulation, only the last of a group updates weights.

        Returns:
            the unweighted loss terms of all turns, and `gradient_norm/<network>` where gradients are clipped;
            scalars, detached.
        """
        batch = send_to_device(batch, self.accelerator.device)
        reported: dict[str, Tensor] = {}
        with self.accelerator.accumulate(*self.networks.values()), self._shared_counts():
            for network in self.networks.values():
                network.train()
            with self.accelerator.autocast():
                output = self.task.forward(self._seen_in(self.task.main), batch)
            for turn in self.task.turns:
                self._thaw(turn)
                with self.accelerator.autocast():
                    terms = self.task.losses(turn, self._seen_in(turn), batch, output)
                    total = self.task.total(terms)
                self.accelerator.backward(total)
                norm = self._update(turn)
                reported.update({name: term.detach().float() for name, term in terms.items()})
                if norm is not None:
                    reported[f"gradient_norm/{turn}"] = norm
            self._thaw(None)
            if self.average is not None and self.accelerator.sync_gradients:
                self.average.update_parameters(self.bare(self.task.main))
        return reported

    def _shared_counts(self) -> AbstractContextManager[None]:
        accelerator = self.accelerator
        if accelerator.num_processes == 1:
            return nullcontext()
        return counts_over_processes(lambda count: accelerator.reduce(count, "mean"))

    def _seen_in(self, turn: str) -> dict[str, nn.Module]:
        """Only the network whose turn it is goes through the wrapper that synchronises gradients."""
        return {name: self.networks[name] if name == turn else self.bare(name) for name in self.networks}

    def _thaw(self, turn: str | None) -> None:
        """Freeze all networks but the turn's and the main one (whose graph is held open); None thaws all."""
        for name, network in self.networks.items():
            network.requires_grad_(turn is None or name in (turn, self.task.main))
        self._freeze()

    def _freeze(self) -> None:
        for parameter in self._frozen:
            parameter.requires_grad_(False)

    def _update(self, turn: str) -> Tensor | None:
        optimizer, norm = self.optimizers[turn], None
        if self.accelerator.sync_gradients and self.train_config.clip_norm is not None:
            self.accelerator.unscale_gradients(optimizer)
            norm = nn.utils.clip_grad_norm_(
                self.networks[turn].parameters(), self.train_config.clip_norm
            ).detach()
        optimizer.step()
        optimizer.zero_grad()
        return norm

    def inference_networks(self) -> dict[str, nn.Module]:
        """All networks in eval mode, bare, the main one averaged where averaging is on."""
        bare = {name: self.bare(name) for name in self.networks}
        if self.average is not None:
            bare[self.task.main] = self.average.module
        return {name: network.eval() for name, network in bare.items()}


def _growing_average(decay: float) -> Callable[[Tensors, Tensors, Tensor | int], None]:
    """An exponential moving average that forgets the first steps' weights sooner than `decay` would let it.

    Step n of it decays by (1 + n) / (10 + n), up to `decay` (the schedule of TensorFlow's
    `ExponentialMovingAverage` with `num_updates`), so that short runs have a use for averages, too.
    """

    @torch.no_grad()
    def update(averaged: Tensors, current: Tensors, steps: Tensor | int) -> None:
        weight = 1 - min(decay, (1 + int(steps)) / (10 + int(steps)))
        torch._foreach_lerp_(averaged, current, weight)

    return update
