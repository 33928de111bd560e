"""What a training needs beside the weights for inference to go on exactly: one file a network and purpose.

Layout of the folder::

    NAME.safetensors             a network's weights
    NAME.optimizer.safetensors   its optimizer's values, as `parameter:key`
    NAME.average.safetensors     the moving average of the main network's weights
    gradient_scaler.json         of fp16
    random_states_0.safetensors  of each process
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accelerate.utils import gather_object
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor, nn

from hiervox.models.base.checkpoints.checkpoint import load_into, load_weights, read_json
from hiervox.models.base.training.full_sharding import shared_like, whole_tensors
from hiervox.models.base.training.randomness import random_states, restore_random_states
from hiervox.utils.errors import CheckpointError
from hiervox.utils.files import write_json

if TYPE_CHECKING:
    from hiervox.models.base.training.engine import StepEngine

SCALER_NAME = "gradient_scaler.json"


def network_file(folder: Path, name: str) -> Path:
    """Where a state folder has the weights of the network of that name."""
    return folder / f"{name}.safetensors"


def save_state(engine: StepEngine, folder: Path) -> None:
    """Write the state of all networks and the random states of all processes; the main process writes."""
    accelerator = engine.accelerator
    states = gather_object([random_states(accelerator.device)])
    main = accelerator.is_main_process
    if main:
        folder.mkdir(parents=True, exist_ok=True)
    for name, optimizer in engine.optimizers.items():
        network = engine.bare(name)
        of_file = {name: network.state_dict(), f"{name}.optimizer": _optimizer_tensors(optimizer, network)}
        for file, tensors in of_file.items():
            whole = whole_tensors(tensors, keep=main)
            if main:
                _save(whole, network_file(folder, file))
    if main:
        if engine.average is not None:
            _save(engine.average.state_dict(), network_file(folder, f"{engine.task.main}.average"))
        if accelerator.scaler is not None:
            write_json(folder / SCALER_NAME, accelerator.scaler.state_dict())
        for rank, tensors in enumerate(states):
            _save(tensors, _random_file(folder, rank))


def load_state(engine: StepEngine, folder: Path) -> None:
    """Go on from a state that `save_state` wrote.

    Raises:
        CheckpointError: a file is missing, broken, or of other networks; or another number of processes
            wrote it.
    """
    accelerator = engine.accelerator
    _require_processes(folder, accelerator.num_processes)
    for name, optimizer in engine.optimizers.items():
        network = engine.bare(name)
        _load(network, network_file(folder, name))
        _load_optimizer(optimizer, network, network_file(folder, f"{name}.optimizer"))
    if engine.average is not None:
        _load(engine.average, network_file(folder, f"{engine.task.main}.average"))
    if accelerator.scaler is not None:
        accelerator.scaler.load_state_dict(read_json(folder / SCALER_NAME))
    file = _random_file(folder, accelerator.process_index)
    try:
        restore_random_states(load_weights(file), accelerator.device)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"{file} holds no random states ({error})", "restore the folder") from error


def _random_file(folder: Path, rank: int) -> Path:
    return folder / f"random_states_{rank}.safetensors"


def _require_processes(folder: Path, processes: int) -> None:
    saved = len(list(folder.glob("random_states_*.safetensors")))
    if saved != processes:  # the random states of the others would be missing, and batches would differ
        raise CheckpointError(
            f"{folder} has the random states of {saved} processes, and this is a run of {processes}",
            f"resume with {saved} processes, or start a new run with --init-from",
        )


def _save(tensors: dict[str, Tensor], path: Path) -> None:
    try:
        save_file({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, path)
    except SafetensorError as error:  # a full disk and the like; it names no file
        raise OSError(errno.EIO, str(error), str(path)) from error


def _load(network: nn.Module, path: Path) -> None:
    load_into(network, load_weights(path), path)


def _optimizer_tensors(optimizer: Any, network: nn.Module) -> dict[str, Tensor]:
    names = _parameter_names(network)
    return {
        f"{names[index]}:{key}": value
        for index, values in optimizer.state_dict()["state"].items()
        for key, value in values.items()
    }


def _load_optimizer(optimizer: Any, network: nn.Module, path: Path) -> None:
    names, parameters = _parameter_names(network), dict(network.named_parameters())
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in load_weights(path).items():
        parameter, _, key = name.rpartition(":")
        if parameter not in names:
            raise CheckpointError(
                f"{path} names {parameter!r}, which the network lacks", "restore the folder"
            )
        shared = shared_like({key: tensor}, {key: parameters[parameter]})
        state.setdefault(names.index(parameter), {}).update(shared)
    try:
        optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
    except (ValueError, KeyError, RuntimeError) as error:
        raise CheckpointError(f"{path} is not a state of this optimizer ({error})", "restore it") from error


def _parameter_names(network: nn.Module) -> Sequence[str]:
    return [name for name, _ in network.named_parameters()]
