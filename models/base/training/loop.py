"""The one training loop, on Hugging Face accelerate, for adversarial and plain training alike.

What a step computes is a `TrainingTask`'s; the loop owns devices, mixed precision, accumulation, clipping,
schedules, averaging, logging, validation, checkpoints, resuming and distribution.
"""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import torch
from accelerate.utils import send_to_device
from torch import Tensor, nn
from tqdm import tqdm

from hiervox.models.base.checkpoints.checkpoint import (
    WEIGHTS_NAME,
    find_checkpoint,
    load_into,
    load_weights,
    read_experiment,
    save_weights,
)
from hiervox.models.base.training.engine import StepEngine
from hiervox.models.base.training.randomness import undisturbed_randomness
from hiervox.models.base.training.run_folder import (
    PROGRESS_NAME,
    STATE_NAME,
    Progress,
    RunFolder,
    ranked_best,
)
from hiervox.models.base.training.state import load_state, network_file, save_state
from hiervox.models.base.training.task import Batch, TrainingTask
from hiervox.utils.errors import CheckpointError, ConfigError, DataError, TrainingError
from hiervox.utils.files import write_json
from hiervox.utils.logging import get_logger

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

TERMINATED = 128 + signal.SIGTERM  # what a shell reports of a program that SIGTERM ended
AGREE_EVERY = 10  # steps between two looks at whether another process was told to stop

_log = get_logger("train")


class TrainingLoop:
    """A run: steps, validations and checkpoints until `train.max_steps`.

    Args:
        task: what to train.
        device: as `StepEngine`'s.
    """

    def __init__(self, task: TrainingTask[Any], device: str = "auto") -> None:
        self.task = task
        self.config = task.config
        self.engine = StepEngine(task, device)
        self.accelerator = self.engine.accelerator
        self.folder = RunFolder(task.config)
        self.progress = Progress()
        self.writer: SummaryWriter | None = None
        self._terminated = False
        self._sums: dict[str, Tensor] = {}
        self._counts: Counter[str] = Counter()
        self._reported_at = 0.0
        self._reported_step = 0

    # -- starting ------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Claim the run folder for a new run. Raises TrainingError where it already holds one."""
        if self.accelerator.is_main_process:
            self.folder.begin()
        self.accelerator.wait_for_everyone()

    def require_data(self) -> None:
        """Make sure that there is something to train on, before the run folder is claimed.

        Raises:
            ConfigError, DataError: there is not, or it does not fit the config.
        """
        accelerator = self.accelerator
        ranks = {"rank": accelerator.process_index, "world_size": accelerator.num_processes}
        with undisturbed_randomness():
            self.task.loader("train", epoch=0, skip_batches=0, **ranks)

    def initialise_from(self, path: Path) -> None:
        """Start from the weights of another run or checkpoint of the same system and part.

        The main network must fit; further networks are taken where the checkpoint still has its state.

        Raises:
            CheckpointError: another system or part, unfitting or missing weights.
            ConfigError: as the task's `adapt_weights`.
        """
        folder = find_checkpoint(path)
        given = read_experiment(folder)
        if (given.system, given.part) != (self.config.system, self.config.part):
            raise CheckpointError(
                f"{folder} is {given.system}/{given.part}, not {self.config.system}/{self.config.part}",
                "name a checkpoint of the same part",
            )
        main = self.engine.bare(self.task.main)
        adapted = self.task.adapt_weights(load_weights(folder / WEIGHTS_NAME), given)
        load_into(main, adapted, folder / WEIGHTS_NAME)
        _log.info("starting from the weights of %s", folder)
        for name in self.engine.networks:
            weights = network_file(folder / STATE_NAME, name)
            if name != self.task.main and weights.exists():
                load_into(self.engine.bare(name), load_weights(weights), weights)
            elif name != self.task.main:
                _log.warning("%s holds no %s, which starts anew", folder, name)
        self.engine.restart_average()

    def resume(self) -> None:
        """Continue the run of the config's folder exactly where its last checkpoint stands.

        Raises:
            CheckpointError, ConfigError: as `RunFolder.resume_point`; the state can't be read, or is that of
                another number of processes.
        """
        folder, progress = self.folder.resume_point()
        load_state(self.engine, folder / STATE_NAME)
        if self.accelerator.is_main_process:
            self.folder.rewind(progress.step)
        self.accelerator.wait_for_everyone()
        self.progress = progress
        _log.info("resumed %s at step %d", self.folder.path, progress.step)

    # -- running -------------------------------------------------------------------------------------

    def run(self) -> None:
        """Train to `train.max_steps`.

        Raises:
            TrainingError: a loss is not finite.
            DataError: there is nothing to train on.
            SystemExit: with code 143, after saving, when SIGTERM came.
        """
        train = self.config.train
        if self.progress.step >= train.max_steps:
            _log.info("%s is already at step %d", self.folder.path, self.progress.step)
            return
        restore = self._catch_termination()
        self._restart_clock()
        main = self.accelerator.is_main_process
        self.writer = self._open_writer() if main else None
        bar = tqdm(
            initial=self.progress.step, total=train.max_steps, unit="step", disable=not main, mininterval=1
        )
        try:
            for batch in self._batches():
                rates = self.engine.schedule(self.progress.step, self.progress.epoch)
                self._collect(self.engine.step(batch, self.progress.step))
                self._advance(batches=1)
                if not self.accelerator.sync_gradients:
                    continue
                self._advance(step=1)
                bar.update()
                self._after_step(bar, rates)
                if self.progress.step >= train.max_steps:
                    break
        finally:
            bar.close()
            restore()
            if self.writer is not None:
                self.writer.close()

    def _after_step(self, bar: tqdm[Any], rates: Mapping[str, float]) -> None:
        train, step = self.config.train, self.progress.step
        last = step >= train.max_steps
        stop = self._told_to_stop()
        validate_now = last or step % train.validate_every == 0
        save_now = last or stop or step % train.save_every == 0
        if save_now or validate_now or step % train.log_every == 0:
            self._report(bar, rates)
        value = self.validate() if validate_now and not stop else None
        if save_now:
            self.save(value)
        if validate_now or save_now:  # their time is no training time
            self._restart_clock()
        if stop:
            _log.info("SIGTERM: saved step %d of %s", step, self.folder.path)
            raise SystemExit(TERMINATED)

    def _batches(self) -> Iterator[Batch]:
        """Batches without end, epoch after epoch, from where progress stands."""
        accelerator = self.accelerator
        while True:
            start = self.progress.batches
            with undisturbed_randomness():
                batches = iter(
                    self.task.loader(
                        "train",
                        epoch=self.progress.epoch,
                        skip_batches=start,
                        rank=accelerator.process_index,
                        world_size=accelerator.num_processes,
                    )
                )
            while True:
                with undisturbed_randomness():
                    batch = next(batches, None)
                if batch is None:
                    break
                yield batch
            if self.progress.batches == 0:
                raise DataError(
                    "the training set holds no batch", "add data, or lower data.dev_size or the limits"
                )
            self.progress = self.progress.model_copy(update={"epoch": self.progress.epoch + 1, "batches": 0})

    def _advance(self, step: int = 0, batches: int = 0) -> None:
        self.progress = self.progress.model_copy(
            update={"step": self.progress.step + step, "batches": self.progress.batches + batches}
        )

    # -- signals -------------------------------------------------------------------------------------

    def _catch_termination(self) -> Callable[[], None]:
        if threading.current_thread() is not threading.main_thread():
            return lambda: None  # only the main thread may set handlers

        def remember(number: int, frame: FrameType | None) -> None:
            self._terminated = True

        before = signal.signal(signal.SIGTERM, remember)

        def restore() -> None:
            signal.signal(signal.SIGTERM, before)

        return restore

    def _told_to_stop(self) -> bool:
        if self.accelerator.num_processes == 1:
            return self._terminated
        if self.progress.step % AGREE_EVERY:
            return False
        told = torch.tensor([float(self._terminated)], device=self.accelerator.device)
        return bool(self.accelerator.reduce(told, "sum").item())

    # -- logging -------------------------------------------------------------------------------------

    def _open_writer(self) -> SummaryWriter:
        from torch.utils.tensorboard import SummaryWriter

        return SummaryWriter(str(self.folder.path / "logs"), purge_step=self.progress.step + 1)

    def _collect(self, terms: Mapping[str, Tensor]) -> None:
        for name, value in terms.items():
            self._sums[name] = self._sums[name] + value if name in self._sums else value
        self._counts.update(terms.keys())  # a phase that is left out has no terms

    def _report(self, bar: tqdm[Any], rates: Mapping[str, float]) -> None:
        means = self._mean_over_ranks(
            {name: value / self._counts[name] for name, value in self._sums.items()}
        )
        self._sums, self._counts = {}, Counter()
        for name, value in means.items():
            if value != value or value in (float("inf"), float("-inf")):
                raise TrainingError(
                    f"{name} is {value} at step {self.progress.step}",
                    "lower train.optimizer.learning_rate, set train.clip_norm, and go on with --resume",
                )
        seconds = time.perf_counter() - self._reported_at
        steps = self.progress.step - self._reported_step
        timing = {"seconds": seconds, "steps_per_second": steps / seconds}
        self._write("train", {**means, **self._named(rates), **timing})
        bar.set_postfix({name: f"{value:.3g}" for name, value in list(means.items())[-4:]}, refresh=False)
        self._restart_clock()

    def _named(self, rates: Mapping[str, float]) -> dict[str, float]:
        """The main network's learning rate, and those of networks that have one of their own."""
        own = {f"learning_rate/{name}": rates[name] for name in rates if name in self.config.train.networks}
        return {"learning_rate": rates[self.task.main], **own}

    def _restart_clock(self) -> None:
        self._reported_at, self._reported_step = time.perf_counter(), self.progress.step

    def _write(self, split: str, values: Mapping[str, float]) -> None:
        if self.writer is None:
            return
        for name, value in values.items():
            self.writer.add_scalar(f"{split}/{name}", value, self.progress.step)
        self.folder.log({"step": self.progress.step, "epoch": self.progress.epoch, "split": split, **values})

    def _mean_over_ranks(self, values: Mapping[str, Tensor]) -> dict[str, float]:
        if not values:
            return {}
        stacked = self.accelerator.reduce(torch.stack([value.float() for value in values.values()]), "mean")
        return dict(zip(values, stacked.tolist(), strict=True))

    # -- validating and saving -----------------------------------------------------------------------

    def validate(self) -> float | None:
        """Average the task's values over the dev set, and log them with its sounds and pictures.

        Returns:
            the value of `task.best_metric`; None without a dev set.
        """
        accelerator = self.accelerator
        networks = self.engine.inference_networks()
        sums: dict[str, Tensor] = {}
        count = 0
        with undisturbed_randomness(self.config.seed), torch.no_grad():
            loader = self.task.loader(
                "dev",
                epoch=0,
                skip_batches=0,
                rank=accelerator.process_index,
                world_size=accelerator.num_processes,
            )
            for batch in loader:
                if count == self.config.train.validation_batches:
                    break
                batch = send_to_device(batch, accelerator.device)
                with accelerator.autocast():
                    for name, value in self.task.validate(networks, batch, self.progress.step).items():
                        sums[name] = sums.get(name, torch.zeros((), device=value.device)) + value.detach()
                    if count == 0 and self.writer is not None:
                        self._show(networks, batch)
                count += 1
        if count == 0:
            return None
        means = self._mean_over_ranks({name: value / count for name, value in sums.items()})
        self._write("dev", means)
        return means[self.task.best_metric]

    def _show(self, networks: dict[str, nn.Module], batch: Batch) -> None:
        assert self.writer is not None
        media = self.task.media(networks, batch)
        for name, (wav, rate) in media.audio.items():
            self.writer.add_audio(
                name, wav.float().cpu().reshape(1, -1), self.progress.step, sample_rate=rate
            )
        for name, figure in media.figures.items():
            self.writer.add_figure(name, figure, self.progress.step)

    def save(self, value: float | None) -> Path:
        """Write a checkpoint of the present step.

        Args:
            value: its validation value, lower is better; None when it was not validated.

        Returns:
            its folder.
        """
        name = f"step-{self.progress.step:08d}"
        if value is not None:
            best = ranked_best(self.progress.best, name, value, self.config.train.keep_best)
            self.progress = self.progress.model_copy(update={"best": best})
        accelerator = self.accelerator
        if accelerator.is_main_process:
            self.folder.temporary(name)
        accelerator.wait_for_everyone()
        save_state(self.engine, self.folder.temporary(name) / STATE_NAME)
        accelerator.wait_for_everyone()
        if accelerator.is_main_process:
            with self.folder.new_checkpoint(name) as temporary:
                weights = self.engine.inference_networks()[self.task.main].state_dict()
                save_weights(temporary, weights, self.config.model_dump(mode="json"))
                write_json(temporary / PROGRESS_NAME, self.progress.model_dump())
            self.folder.prune(self.progress.best)
        accelerator.wait_for_everyone()
        return self.folder.checkpoints / name


def train(
    task: TrainingTask[Any], device: str = "auto", resume: bool = False, init_from: Path | None = None
) -> None:
    """Run a task's training.

    Args:
        task: what to train, with its config.
        device: `auto`, `cpu`, `cuda`, …
        resume: continue the run in the config's `out_dir`.
        init_from: a run or checkpoint folder whose weights a new run starts from.

    Raises:
        ConfigError: `resume` together with `init_from`.
        HierVoxError: whatever `TrainingLoop` raises.
    """
    if resume and init_from is not None:
        raise ConfigError("--resume and --init-from exclude each other", "use one of them")
    loop = TrainingLoop(task, device)
    if resume:
        loop.resume()
    else:
        if init_from is not None:
            loop.initialise_from(init_from)
        loop.require_data()
        loop.begin()
    loop.run()
