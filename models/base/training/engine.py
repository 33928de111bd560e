"""One step of training: networks, optimizers, and the update that one batch makes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from accelerate.utils import send_to_device
from torch import Tensor, nn

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.average import GrowingAverage
from hiervox.models.base.training.freezing import frozen_parameters
from hiervox.models.base.training.full_sharding import FSDP, require_shardable, shard_network, whole_tensor
from hiervox.models.base.training.gradient_checkpointing import checkpoint_modules
from hiervox.models.base.training.randomness import seed_everything
from hiervox.models.base.training.schedule import learning_rate
from hiervox.models.base.training.step_checks import (
    require_gradients,
    require_graph,
    require_sound_network,
    require_terms,
    require_weighted,
)
from hiervox.models.base.training.task import TrainingTask
from hiervox.modules.kernels.prepare import prepare_for_training
from hiervox.modules.losses.counts import counts_over_processes
from hiervox.utils.device import choose_device
from hiervox.utils.errors import ConfigError
from hiervox.utils.launch import process_of_launch
from hiervox.utils.registry import nearest

COMPILERS = ("g++", "clang++", "c++", "cl")
FUSED = ("Adam", "AdamW")  # what torch has a fused kernel of on every device


class StepEngine:
    """Networks and optimizers of a task, and the update that one batch makes. Touches no file.

    Args:
        task: what to train.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, …

    Attributes:
        networks: as prepared by accelerate, by name.
        is_sharded: whether each process holds a share of the network.
        average: the exponential moving average of the main network; None without `train.ema_decay`.

    Raises:
        ConfigError: `fp16` on the CPU, no such device, `train.freeze` or `train.gradient_checkpointing` name
            what is not there, or as `require_shardable` and `process_of_launch`.
    """

    def __init__(self, task: TrainingTask[Any], device: str = "auto") -> None:
        self.task = task
        self.train_config = task.config.train
        require_shardable(self.train_config, task.phases)
        chosen = choose_device(device)
        if chosen.type == "cpu" and self.train_config.precision == "fp16":
            raise ConfigError("train.precision is fp16, which the CPU does not train in", "use bf16 or no")
        if chosen.type == "cuda" and chosen.index is not None:
            torch.cuda.set_device(chosen)
        process_of_launch(meet=True)
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
        if set(built) != set(task.phases) or task.main not in built:
            raise ValueError(f"networks {sorted(built)} and phases {task.phases} differ")
        for name in self.train_config.networks:
            if name not in built:
                raise ConfigError(
                    f"train.networks has {name!r}, which is not a network", nearest(name, built)
                )
        self._frozen = frozen_parameters(built[task.main], self.train_config.freeze)
        self._freeze()
        self.networks: dict[str, nn.Module] = {}
        self.optimizers: dict[str, Any] = {}
        for network in built.values():
            network.to(self.accelerator.device)
        task.pins_batches = chosen.type == "cuda"
        built = {name: prepare_for_training(network) for name, network in built.items()}
        self._compile(built)
        self.average = self._average_of(built[task.main])
        checkpoint_modules(built[task.main], self.train_config.gradient_checkpointing)
        self.is_sharded = self.train_config.strategy == FSDP and torch.distributed.is_initialized()
        for name, network in built.items():
            self.networks[name], self.optimizers[name] = self._prepared(name, network)
        # ranks start from the same weights and go on with noise of their own
        seed_everything(task.config.seed + self.accelerator.process_index)
        self._owner = type(task).__name__
        self._unchecked = set(built)

    def _prepared(self, name: str, network: nn.Module) -> tuple[nn.Module, Any]:
        """A network and its optimizer for all processes."""
        if self.is_sharded:
            shard_network(network, self.train_config.shard_modules, self.accelerator.device)
            return network, self.accelerator.prepare(self._optimizer(name, network))
        prepared: tuple[nn.Module, Any] = self.accelerator.prepare(network, self._optimizer(name, network))
        return prepared

    def _average_of(self, network: nn.Module) -> GrowingAverage | None:
        decay = self.train_config.ema_decay
        return None if decay is None else GrowingAverage(network, decay)

    def _compile(self, networks: Mapping[str, nn.Module]) -> None:
        """Let torch compile the networks that `train.compile` names; their weights keep their names.

        Raises:
            ConfigError: there is no such network, or no compiler.
        """
        if self.train_config.compile and not any(map(shutil.which, COMPILERS)) and "CXX" not in os.environ:
            raise ConfigError(
                "train.compile needs a C++ compiler", "install one, such as g++, or leave train.compile empty"
            )
        for name in self.train_config.compile or ():
            if name not in networks:
                raise ConfigError(
                    f"train.compile has {name!r}, which is not a network", nearest(name, networks)
                )
            networks[name].compile()

    def _optimizer(self, name: str, network: nn.Module) -> torch.optim.Optimizer:
        config = self.train_config.of(name).optimizer
        # the gradient scaler and clipping need the plain one
        can_fuse = config.name in FUSED and self.train_config.precision != "fp16"
        optimizer: torch.optim.Optimizer = getattr(torch.optim, config.name)(
            network.parameters(),
            lr=config.learning_rate,
            betas=config.betas,
            eps=config.eps,
            weight_decay=config.weight_decay,
            **({"fused": True} if can_fuse else {}),
        )
        return optimizer

    def restart_average(self) -> None:
        """Begin the average anew from the main network's present weights."""
        self.average = self._average_of(self.bare(self.task.main))

    def bare(self, name: str) -> nn.Module:
        """The network without accelerate's wrapping."""
        network: nn.Module = self.accelerator.unwrap_model(self.networks[name])
        return network

    def schedule(self, step: int, epoch: int, n_steps: int | None = None) -> dict[str, float]:
        """Set the learning rate of every network, and return it.

        Args:
            step: optimizer steps done.
            epoch: epochs done.
            n_steps: of the whole training; None for `train.max_steps`.
        """
        train = self.train_config
        self.task.n_steps = train.max_steps if n_steps is None else n_steps
        rates = {
            name: learning_rate(train.of(name), step, epoch, self.task.n_steps) for name in self.optimizers
        }
        for name, rate in rates.items():
            for group in self.optimizers[name].param_groups:
                group["lr"] = rate
        return rates

    def is_active(self, phase: str, step: int) -> bool:
        """Whether a step updates the network of that name."""
        config = self.train_config.of(phase)
        first = config.first_step(self.task.n_steps)
        return step >= first and (step - first) % config.period == 0

    def step(self, batch: Batch, step: int) -> dict[str, Tensor]:
        """Train on one batch; with accumulation, only the last of a group updates weights.

        Args:
            batch: as the task's loader gave it.
            step: optimizer steps done.

        Returns:
            the unweighted loss terms of all active phases, and `gradient_norm/<network>` where gradients are
            clipped; scalars, detached.
        """
        batch = send_to_device(batch, self.accelerator.device, non_blocking=True)
        reported: dict[str, Tensor] = {}
        with self.accelerator.accumulate(*self.networks.values()), self._shared_counts():
            for network in self.networks.values():
                network.train()
            output = self._forward(batch, step)
            for phase in self.task.phases:
                if self.is_active(phase, step):
                    reported |= self._optimise(phase, batch, output, step)
            self._thaw(None)
            if self.is_active(self.task.main, step):
                self._update_average()
        return reported

    def _forward(self, batch: Batch, step: int) -> Any:
        """The main network's pass; without gradients, and past the wrapper, where its phase is left out."""
        main = self.task.main
        active = self.is_active(main, step)
        with self.accelerator.autocast(), torch.set_grad_enabled(active), self._shares_told():
            return self.task.forward(self._seen_in(main if active else None), batch)

    @contextmanager
    def _shares_told(self) -> Iterator[None]:
        """A task that uses weights outside of the network's own pass meets shares of them."""
        try:
            yield
        except RuntimeError as error:
            if not (self.is_sharded and "DTensor" in str(error)):
                raise
            raise ConfigError(
                f"train.strategy is fsdp2, and {self._owner} uses weights outside of their module's pass",
                "leave that module out of train.shard_modules, or use ddp",
            ) from error

    def _optimise(self, phase: str, batch: Batch, output: Any, step: int) -> dict[str, Tensor]:
        self._thaw(phase)
        with self.accelerator.autocast(), self._shares_told():
            terms = self.task.losses(phase, self._seen_in(phase), batch, output, step)
            self._check_terms(phase, terms, step)
            total = self.task.total(terms, step)
        require_graph(total, self._owner, phase)
        self.accelerator.backward(total)
        if phase in self._unchecked:
            require_gradients(self.networks[phase], self._owner, phase)
            self._unchecked.discard(phase)
        norm = self._update(phase)
        reported = {name: term.detach().float() for name, term in terms.items()}
        return reported if norm is None else {**reported, f"gradient_norm/{phase}": norm}

    def _check_terms(self, phase: str, terms: object, step: int) -> None:
        """At a phase's first step also against the weights.

        Raises:
            TrainingError, ConfigError: as `models/base/training/step_checks.py` says.
        """
        checked = require_terms(terms, self._owner, phase)
        if phase in self._unchecked and phase == self.task.main:
            require_weighted(checked, self.task.weights(step), self._owner)

    def _update_average(self) -> None:
        if self.average is not None and self.accelerator.sync_gradients:
            self.average.update_parameters(self.bare(self.task.main))

    def _shared_counts(self) -> AbstractContextManager[None]:
        accelerator = self.accelerator
        if accelerator.num_processes == 1:
            return nullcontext()
        return counts_over_processes(lambda count: accelerator.reduce(count, "mean"))

    def _seen_in(self, phase: str | None) -> dict[str, nn.Module]:
        """Only the network of the phase goes through the wrapper that synchronises gradients."""
        return {name: self.networks[name] if name == phase else self.bare(name) for name in self.networks}

    def _thaw(self, phase: str | None) -> None:
        """Freeze all networks but the phase's and the main one (whose graph is held open); None thaws all."""
        for name, network in self.networks.items():
            network.requires_grad_(phase is None or name in (phase, self.task.main))
        self._freeze()

    def _freeze(self) -> None:
        for parameter in self._frozen:
            parameter.requires_grad_(False)

    def _update(self, phase: str) -> Tensor | None:
        optimizer, norm = self.optimizers[phase], None
        most = self.train_config.of(phase).clip_norm
        if self.accelerator.sync_gradients and most is not None:
            self.accelerator.unscale_gradients(optimizer)
            norm = whole_tensor(nn.utils.clip_grad_norm_(self.networks[phase].parameters(), most).detach())
        optimizer.step()
        optimizer.zero_grad()
        return norm

    def require_sound(self, step: int) -> None:
        """Refuse networks that a checkpoint should not hold.

        Args:
            step: optimizer steps done.

        Raises:
            TrainingError: as `require_sound_network`.
        """
        for name, optimizer in self.optimizers.items():
            require_sound_network(name, self.bare(name), optimizer, step)
        if self.average is not None:
            require_sound_network(self.task.main, self.average.module, None, step)

    def inference_networks(self) -> dict[str, nn.Module]:
        """All networks in eval mode, bare, the main one averaged where averaging is on."""
        bare = {name: self.bare(name) for name in self.networks}
        if self.average is not None:
            bare[self.task.main] = self.average.module
        return {name: network.eval() for name, network in bare.items()}
