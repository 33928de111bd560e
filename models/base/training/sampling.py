"""Short noise schedules for diffusion networks of any system: found on the dev set, kept in a checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from hiervox.models.base.checkpoints.checkpoint import find_checkpoint, load_network, save_weights
from hiervox.models.base.config import ExperimentConfig
from hiervox.models.base.data.batch import Batch
from hiervox.models.base.registry import get_part
from hiervox.models.base.training.task import TrainingTask
from hiervox.modules.diffusion.process import NoiseSchedule
from hiervox.modules.diffusion.schedule_search import FoundSchedule, search_schedule
from hiervox.modules.functional.masking import sequence_mask
from hiervox.modules.losses.reconstruction import masked_l1
from hiervox.processors.spectrogram import SpectrogramConfig, log_mel
from hiervox.utils.errors import CheckpointError, ConfigError
from hiervox.utils.files import whole_folder
from hiervox.utils.outputs import check_outputs
from hiervox.utils.registry import resolve


@dataclass
class SamplingCase:
    """Recordings that a diffusion network can be asked to make.

    Attributes:
        wav: (B, T), as recorded.
        frames: (B,), real ones.
        mel: how spectrograms are compared.
        training: the schedule of training.
        generate: a schedule and (B, T) noises, the start first, to (B, T).
    """

    wav: Tensor
    frames: Tensor
    mel: SpectrogramConfig
    training: NoiseSchedule
    generate: Callable[[NoiseSchedule, Iterable[Tensor]], Tensor]

    def score(self, schedule: NoiseSchedule, seed: int) -> float:
        """Mean distance of log-mels to the recordings' with this schedule; a seed means the same noise."""
        made = self.generate(schedule, self._noises(seed))
        mels = [log_mel(wav, self.mel) for wav in (made, self.wav[:, : made.shape[1]])]
        length = min(mels[0].shape[2], int(self.frames.max()))
        mask = sequence_mask(self.frames, length)
        return float(masked_l1(mels[0][..., :length], mels[1][..., :length], mask))

    def _noises(self, seed: int) -> Iterator[Tensor]:
        generator = torch.Generator().manual_seed(seed)
        while True:
            yield torch.randn(self.wav.shape, generator=generator).to(self.wav.device)


@runtime_checkable
class SamplesInSteps(Protocol):
    """A training task whose network generates by diffusion."""

    def sampling_case(self, network: nn.Module, batch: Batch) -> SamplingCase:
        """The recordings of a batch, and how the network makes them."""

    def with_schedule(self, model: Mapping[str, Any], schedule: NoiseSchedule) -> dict[str, Any]:
        """The `model` section with a schedule for inference."""


@dataclass(frozen=True)
class Search:
    """How to look for a schedule.

    Attributes:
        cuts: feature folder whose dev set is used.
        steps: of the schedule.
        items: recordings of the dev set.
        tries: schedules that are scored.
        seed: of noise and tries.
    """

    cuts: Path
    steps: int
    items: int = 4
    tries: int = 50
    seed: int = 0


def sampling_case(
    folder: Path, cuts: Path, items: int, device: str | torch.device = "cpu"
) -> tuple[Any, SamplingCase]:
    """A checkpoint's task and the first recordings of a dev set.

    Args:
        folder: of the checkpoint, or its run folder.
        cuts: feature folder.
        items: how many recordings.
        device: where the network runs.

    Raises:
        CheckpointError: it is missing or broken, or its network does not generate by diffusion.
        DataError, ConfigError: the data can't be used.
    """
    network, experiment = load_network(folder, device)
    given = {"cuts": cuts, "dev_size": items}
    task = _task(experiment.model_copy(update={"data": experiment.data.model_copy(update=given)}), items)
    if not isinstance(task, SamplesInSteps):
        raise CheckpointError(
            f"{experiment.system}/{experiment.part} does not generate by diffusion",
            "name a network that does",
        )
    batches = iter(task.loader("dev", epoch=0, skip_batches=0, rank=0, world_size=1))
    batch = {
        name: value.to(device) if isinstance(value, Tensor) else value
        for name, value in next(batches).items()
    }
    with torch.no_grad():
        return task, task.sampling_case(network, batch)


def find_schedule(
    folder: Path, search: Search, out: Path, device: str | torch.device = "cpu"
) -> FoundSchedule:
    """Search, and write the checkpoint with what was found.

    Args:
        folder: of the checkpoint, or its run folder.
        search: how.
        out: folder of the new checkpoint, which must not be there yet.
        device: where the network runs.

    Raises:
        As `sampling_case`; ConfigError: more steps than those of training, or `out` is taken.
    """
    check_outputs((), folders=[out])
    task, case = sampling_case(folder, search.cuts, search.items, device)
    if search.steps > len(case.training):
        raise ConfigError(f"training has {len(case.training)} steps", "ask for as many or less")
    generator = torch.Generator().manual_seed(search.seed)
    found = search_schedule(
        lambda schedule: case.score(schedule, search.seed),
        case.training,
        search.steps,
        search.tries,
        generator,
    )
    network, experiment = load_network(find_checkpoint(folder))
    tree = experiment.model_dump(mode="json")
    tree["model"] = task.with_schedule(tree["model"], found.schedule)
    with whole_folder(out.resolve()) as folder:
        save_weights(folder, network.state_dict(), tree)
    return found


def _task(experiment: ExperimentConfig, items: int) -> TrainingTask[Any]:
    part = get_part(experiment.system, experiment.part)
    if part.task is None:
        raise CheckpointError(
            f"{experiment.system}/{experiment.part} can't be trained here", "name another network"
        )
    train = experiment.train.model_copy(update={"batch_size": items, "workers": 0})
    task: TrainingTask[Any] = resolve(part.task)(experiment.model_copy(update={"train": train}))
    return task
