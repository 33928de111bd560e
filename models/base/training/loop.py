"""The one training loop, on Hugging Face accelerate, for adversarial and plain training alike.

What a step computes is a `TrainingTask`'s; the loop owns devices, mixed precision, accumulation, clipping,
schedules, averaging, logging, validation, checkpoints, resuming and distribution.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from accelerate.utils import send_to_device
from safetensors import SafetensorError
from torch import Tensor
from tqdm import tqdm

from hiervox.models.base.checkpoints.checkpoint import (
    CHECKPOINTS_NAME,
    WEIGHTS_NAME,
    find_checkpoint,
    load_into,
    load_weights,
    read_experiment,
    save_weights,
)
from hiervox.models.base.data.batch import Batch, Split
from hiervox.models.base.training.batches import require_finite
from hiervox.models.base.training.engine import StepEngine
from hiervox.models.base.training.full_sharding import whole_tensors
from hiervox.models.base.training.horizon import Horizon
from hiervox.models.base.training.randomness import undisturbed_randomness
from hiervox.models.base.training.reports import Reports
from hiervox.models.base.training.run_folder import (
    PROGRESS_NAME,
    STATE_NAME,
    Progress,
    RunFolder,
    checkpoint_name,
    ranked_best,
    read_progress,
)
from hiervox.models.base.training.state import load_state, network_file, save_state
from hiervox.models.base.training.stopping import StopRequest
from hiervox.models.base.training.task import TrainingTask
from hiervox.utils.errors import CheckpointError, ConfigError, DataError, TrainingError
from hiervox.utils.files import write_json
from hiervox.utils.launch import NEW_STORE_VARIABLE, keeps_addresses_of_dead, may_be_restarted
from hiervox.utils.logging import get_logger

AGREE_EVERY = 10  # steps between two looks at whether another process was told to stop

_log = get_logger("train")


class TrainingLoop:
    """A run: steps, validations and checkpoints until `train.max_steps`, or until its budget is spent.

    Args:
        task: what to train.
        device: as `StepEngine`'s.
        resume_command: what continues the run, for messages.
    """

    def __init__(
        self, task: TrainingTask[Any], device: str = "auto", resume_command: str = "--resume"
    ) -> None:
        self.task = task
        self.config = task.config
        self.resume_command = resume_command
        self.engine = StepEngine(task, device)
        self.accelerator = self.engine.accelerator
        self.folder = RunFolder(task.config)
        self.reports = Reports(self.folder, self.accelerator)
        self.progress = Progress()
        self.horizon = Horizon(self.config.train, self.folder.path, self.accelerator)

    # -- starting ------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Claim the run folder for a new run.

        Raises:
            TrainingError, ConfigError: as `RunFolder.begin`.
        """
        if self.accelerator.is_main_process:
            self.folder.begin(self.task.data_fingerprint())
        self.accelerator.wait_for_everyone()

    def require_data(self) -> None:
        """Make sure that there is something to train on, before the run folder is claimed.

        Raises:
            ConfigError, DataError: there is not, or it does not fit the config.
        """
        with undisturbed_randomness():
            self._loader("train", epoch=0, skip_batches=0)

    def _loader(self, split: Split, *, epoch: int, skip_batches: int) -> Iterator[Batch]:
        accelerator = self.accelerator
        loader = self.task.loader(
            split,
            epoch=epoch,
            skip_batches=skip_batches,
            rank=accelerator.process_index,
            world_size=accelerator.num_processes,
        )
        return iter(loader)

    def initialise_from(self, path: Path) -> None:
        """Start from the weights of another run or checkpoint of the same system and part.

        The main network must fit; further networks are taken where the checkpoint still has its state.

        Raises:
            CheckpointError: another system or part, unfitting or missing weights.
            ConfigError: as the task's `adapt_weights`.
        """
        folder = find_checkpoint(path, with_state=True)
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
                network = self.engine.bare(name)
                load_into(network, self.task.adapt_state(name, network, load_weights(weights)), weights)
            elif name != self.task.main:
                _log.warning("%s holds no %s, which starts anew", folder, name)
        self.engine.restart_average()

    def resume(self, allow_change: Sequence[str] = ()) -> None:
        """Continue the run of the config's folder exactly where its last checkpoint stands.

        Args:
            allow_change: keys of the config that may differ from those that the run was made with.

        Raises:
            CheckpointError, ConfigError, TrainingError: as `RunFolder.resume_point`, `RunFolder.require_data`
                and `load_state`.
            DataError: the data can't be read.
        """
        if self.accelerator.is_main_process:
            self.folder.resume_point(allow_change)
            self.folder.require_data(self.task.data_fingerprint(), allow_change)
        self.accelerator.wait_for_everyone()
        if self.accelerator.is_local_main_process and not self.accelerator.is_main_process:
            self.folder.fetch()
        self.accelerator.wait_for_everyone()
        folder = find_checkpoint(self.folder.path)  # the one that the main process has found whole
        progress = read_progress(folder)
        load_state(self.engine, folder / STATE_NAME)
        if self.accelerator.is_main_process:
            self.folder.rewind(progress.step)
        self.accelerator.wait_for_everyone()
        self.progress = progress
        self.horizon.resume(progress.step)
        _log.info("resumed %s at step %d", self.folder, progress.step)

    # -- running -------------------------------------------------------------------------------------

    def run(self) -> None:
        """Train to the horizon, and give the run folder back.

        Raises:
            TrainingError: the training diverged, or a checkpoint can't be written.
            DataError: there is nothing to train on.
            SystemExit: with code 143 or 130, after saving, when SIGTERM or Ctrl-C came.
        """
        try:
            if self.horizon.is_over(self.progress.step):
                _log.info("%s is already at its end, step %d", self.folder, self.progress.step)
                return
            self._run()
            if self.accelerator.is_main_process:
                self.folder.send_notes()
            self.accelerator.wait_for_everyone()
            if self.accelerator.is_local_main_process:
                self.folder.finish()
        finally:
            self.folder.release()
        self._say_how_to_use()

    def _run(self) -> None:
        main = self.accelerator.is_main_process
        self.reports.open(self.progress.step)
        total = self.horizon.steps()
        bar = tqdm(initial=self.progress.step, total=total, unit="step", disable=not main, mininterval=1)
        self.horizon.restart_clock()
        try:
            with StopRequest() as stop:
                for batch in self._batches():
                    self._train_on(batch, bar, stop)
                    if self.horizon.is_over(self.progress.step):
                        break
        finally:
            bar.close()
            self.reports.close()

    def _train_on(self, batch: Batch, bar: tqdm[Any], stop: StopRequest) -> None:
        require_finite(batch)
        rates = self.engine.schedule(self.progress.step, self.progress.epoch, self.horizon.steps())
        self.reports.collect(self.engine.step(batch, self.progress.step))
        self._advance(batches=1)
        if self.accelerator.sync_gradients:
            self._advance(step=1)
            bar.update()
            self._after_step(bar, rates, stop)

    def _after_step(self, bar: tqdm[Any], rates: Mapping[str, float], stop: StopRequest) -> None:
        train, step = self.config.train, self.progress.step
        stop_now = self._told_to_stop(stop)
        self.horizon.note(step, save=stop_now or step % train.save_every == 0)
        last = self.horizon.is_over(step)
        validate_now = last or step % train.validate_every == 0
        save_now = last or stop_now or step % train.save_every == 0
        self.horizon.pause()
        if save_now or validate_now or step % train.log_every == 0:
            self._report(bar, rates)
        if save_now or validate_now:
            self.engine.require_sound(step)
        value = self.validate() if validate_now and not stop_now else None
        if save_now:
            self.save(value)
            self.reports.draw_now_and_then()
        if validate_now or save_now:  # their time is no training time
            self.reports.restart_clock(step)
        self.horizon.restart_clock()
        bar.total = self.horizon.steps()
        if stop_now:
            name = "another process was stopped" if stop.received is None else stop.received.name
            _log.info("%s: saved step %d; continue with `%s`", name, step, self.resume_command)
            raise SystemExit(stop.exit_code)

    def _batches(self) -> Iterator[Batch]:
        """Batches without end, epoch after epoch, from where progress stands.

        The next epoch's workers begin once this one's have, so that short epochs don't wait for them.
        """
        batches = self._epoch(self.progress.epoch, self.progress.batches)
        while True:
            following: Iterator[Batch] | None = None
            while True:
                with undisturbed_randomness():
                    batch = next(batches, None)
                if batch is None:
                    break
                if following is None:
                    following = self._epoch(self.progress.epoch + 1)
                yield batch
            if self.progress.batches == 0:
                raise DataError(
                    "the training set holds no batch", "add data, or lower data.dev_size or the limits"
                )
            self.progress = self.progress.model_copy(update={"epoch": self.progress.epoch + 1, "batches": 0})
            batches = self._epoch(self.progress.epoch) if following is None else following

    def _epoch(self, epoch: int, skip_batches: int = 0) -> Iterator[Batch]:
        with undisturbed_randomness():
            return self._loader("train", epoch=epoch, skip_batches=skip_batches)

    def _advance(self, step: int = 0, batches: int = 0) -> None:
        self.progress = self.progress.model_copy(
            update={"step": self.progress.step + step, "batches": self.progress.batches + batches}
        )

    def _told_to_stop(self, stop: StopRequest) -> bool:
        told = stop.received is not None
        if self.accelerator.num_processes == 1:
            return told
        if self.progress.step % AGREE_EVERY:
            return False
        flag = torch.tensor([float(told)], device=self.accelerator.device)
        return bool(self.accelerator.reduce(flag, "sum").item())

    def _say_how_to_use(self) -> None:
        if self.accelerator.is_main_process:
            run = self.folder
            _log.info(
                "step %d reached; the checkpoint is %s/%s/%s",
                self.progress.step,
                run,
                CHECKPOINTS_NAME,
                checkpoint_name(self.progress.step),
            )
            _log.info(
                "use it with `--model %s` or, where a model has several parts, as its folder %s; "
                "start another training from it with `--init-from %s`",
                run,
                self.config.part,
                run,
            )

    # -- reporting, validating and saving -------------------------------------------------------------

    def _report(self, bar: tqdm[Any], rates: Mapping[str, float]) -> None:
        means = self.reports.take_means()
        for name, value in means.items():
            if not math.isfinite(value):
                raise TrainingError(
                    f"{name} is {value} at step {self.progress.step}",
                    "lower train.optimizer.learning_rate, set train.clip_norm, and go on with --resume",
                )
        timing = self.reports.timing(self.progress.step)
        if self.horizon.budget is not None:
            timing["budget_seconds"] = self.horizon.seconds
        self.reports.write("train", {**means, **self._named(rates), **timing}, self.progress)
        bar.set_postfix({name: f"{value:.3g}" for name, value in list(means.items())[-4:]}, refresh=False)
        self.reports.restart_clock(self.progress.step)

    def _named(self, rates: Mapping[str, float]) -> dict[str, float]:
        """The main network's learning rate, and those of networks that have one of their own."""
        own = {f"learning_rate/{name}": rates[name] for name in rates if name in self.config.train.networks}
        return {"learning_rate": rates[self.task.main], **own}

    def validate(self) -> float | None:
        """Average the task's values over the dev set, and log them with its sounds and pictures.

        Returns:
            the value of `task.best_metric`; None without a dev set.
        """
        networks = self.engine.inference_networks()
        sums: dict[str, Tensor] = {}
        count = 0
        with undisturbed_randomness(self.config.seed), torch.no_grad():
            for batch in self._loader("dev", epoch=0, skip_batches=0):
                if count == self.config.train.validation_batches:
                    break
                require_finite(batch)
                batch = send_to_device(batch, self.accelerator.device)
                with self.accelerator.autocast():
                    for name, value in self.task.validate(networks, batch, self.progress.step).items():
                        sums[name] = sums.get(name, torch.zeros((), device=value.device)) + value.detach()
                    if count == 0 and self.reports.writes and not self.engine.is_sharded:
                        self.reports.show(self.task.media(networks, batch), self.progress.step)
                count += 1
        if count == 0:
            return None
        means = self.reports.mean_over_processes({name: value / count for name, value in sums.items()})
        self.reports.write("dev", means, self.progress)
        return means[self.task.best_metric]

    def save(self, value: float | None) -> Path:
        """Write a checkpoint of the present step.

        Args:
            value: its validation value, lower is better; None when it was not validated.

        Returns:
            its folder.

        Raises:
            TrainingError: a file can't be written; what was written of the checkpoint is removed.
        """
        name = checkpoint_name(self.progress.step)
        if value is not None:
            best = ranked_best(self.progress.best, name, value, self.config.train.keep_best)
            self.progress = self.progress.model_copy(update={"best": best})
        try:
            self._write_checkpoint(name)
        except (OSError, SafetensorError) as error:
            self.folder.discard(name)
            hint = f"continue from the checkpoint before with `{self.resume_command}`"
            raise TrainingError(
                f"can't save {self.folder.checkpoints / name} ({_reason(error)})",
                f"make room, and {hint if self.folder.holds_run() else 'begin again'}",
            ) from error
        except DataError as error:  # of storage, which may not even say what it holds
            raise TrainingError(
                f"can't save {name}: {error.problem}",
                f"continue from the last checkpoint there with `{self.resume_command}`",
            ) from error
        return self.folder.checkpoints / name

    def _write_checkpoint(self, name: str) -> None:
        save_state(self.engine, self.folder.checkpoints / f".{name}" / STATE_NAME)
        main = self.accelerator.is_main_process
        weights = whole_tensors(self.engine.inference_networks()[self.task.main].state_dict(), keep=main)
        if main:
            with self.folder.new_checkpoint(name) as temporary:
                save_weights(temporary, weights, self.config.model_dump(mode="json"))
                write_json(temporary / PROGRESS_NAME, self.progress.model_dump())
            self.folder.prune(self.progress)
        self.accelerator.wait_for_everyone()


def _reason(error: Exception) -> str:
    """What the system says, and of which file, if it says so."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


def train(
    task: TrainingTask[Any],
    device: str = "auto",
    resume: bool = False,
    init_from: Path | None = None,
    allow_change: Sequence[str] = (),
    resume_command: str = "--resume",
) -> None:
    """Run a task's training; with torchrun's `--max-restarts` it goes on from the last checkpoint, if any.

    Args:
        task: what to train, with its config.
        device: `auto`, `cpu`, `cuda`, …
        resume: continue the run in the config's `out_dir`.
        init_from: a run or checkpoint folder whose weights a new run starts from.
        allow_change: with `resume`, keys of the config that may differ from those of the run.
        resume_command: what continues the run, for messages.

    Raises:
        ConfigError: `resume` together with `init_from`, or `allow_change` without `resume`.
        HierVoxError: whatever `TrainingLoop` raises.
    """
    if resume and init_from is not None:
        raise ConfigError("--resume and --init-from exclude each other", "use one of them")
    if allow_change and not resume:
        raise ConfigError("--allow-change is for --resume", "leave it out")
    loop = TrainingLoop(task, device, resume_command)
    if keeps_addresses_of_dead() and loop.accelerator.is_main_process:
        _log.warning("processes that are started again may hang: set %s=1 for torchrun", NEW_STORE_VARIABLE)
    try:
        if resume or (may_be_restarted() and loop.folder.holds_run()):
            loop.resume(allow_change)
        else:
            if init_from is not None:
                loop.initialise_from(init_from)
            loop.require_data()
            loop.begin()
        loop.run()
    finally:
        loop.folder.release()
