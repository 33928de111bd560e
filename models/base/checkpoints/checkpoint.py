"""Checkpoints: a folder with weights (safetensors) and the config that rebuilds the network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hiervox.models.base.config import ExperimentConfig
from hiervox.models.base.registry import get_part
from hiervox.utils.config import Layered, validate
from hiervox.utils.errors import CheckpointError
from hiervox.utils.files import give_default_mode, write_json
from hiervox.utils.registry import resolve

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

WEIGHTS_NAME = "model.safetensors"
CONFIG_NAME = "config.json"
CHECKPOINTS_NAME = "checkpoints"
LAST_NAME = "last.json"
TRAINING_SECTIONS = ("train", "data", "out_dir", "seed", "loss", "discriminators")


def find_checkpoint(path: Path) -> Path:
    """The checkpoint folder that `path` means: itself, or the last one of a run folder.

    Raises:
        CheckpointError: there is none.
    """
    if (path / WEIGHTS_NAME).is_file():
        return path
    pointer = path / CHECKPOINTS_NAME / LAST_NAME
    if pointer.is_file():
        folder = pointer.parent / str(read_json(pointer)["folder"])
        if (folder / WEIGHTS_NAME).is_file():
            return folder
        raise CheckpointError(
            f"{pointer} points to {folder}, which has no {WEIGHTS_NAME}", "restore the folder"
        )
    raise CheckpointError(f"no checkpoint in {path}", f"name a folder with {WEIGHTS_NAME} or a run folder")


def read_json(path: Path) -> dict[str, Any]:
    """Read one JSON object of a run or checkpoint folder.

    Raises:
        CheckpointError: missing, broken, or no object.
    """
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"can't read {path} ({error})", "restore the file") from error
    if not isinstance(tree, dict):
        raise CheckpointError(f"{path} holds no object", "restore the file")
    return tree


def load_weights(path: Path, device: str | torch.device = "cpu", prefix: str = "") -> dict[str, Tensor]:
    """Read one safetensors file, or those of its tensors whose names start with `prefix`.

    Raises:
        CheckpointError: it is missing, truncated, not safetensors, or holds a NaN or an infinity.
    """
    import torch
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise CheckpointError(f"no weights {path}", "check the path")
    try:
        with safe_open(path, "pt", device=str(device)) as stream:
            names: list[str] = stream.keys()
            tensors = {name: stream.get_tensor(name) for name in names if name.startswith(prefix)}
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(
            f"{path} is not a whole safetensors file ({error})", "copy or convert it again"
        ) from error
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise CheckpointError(f"tensor {name} of {path} is not finite", "use an earlier checkpoint")
    return tensors


def load_into(network: nn.Module, tensors: dict[str, Tensor], source: Path) -> None:
    """Load weights strictly.

    Raises:
        CheckpointError: naming missing, surplus and misshapen tensors.
    """
    own = network.state_dict()
    faults = [f"missing {name}" for name in own if name not in tensors]
    faults += [f"surplus {name}" for name in tensors if name not in own]
    faults += [
        f"{name} is {tuple(tensors[name].shape)} instead of {tuple(own[name].shape)}"
        for name in own
        if name in tensors and tensors[name].shape != own[name].shape
    ]
    if faults:
        shown = ", ".join(faults[:8]) + (f" and {len(faults) - 8} more" if len(faults) > 8 else "")
        raise CheckpointError(
            f"{source} does not fit the network: {shown}", "use the config it was made with"
        )
    network.load_state_dict(tensors)


def save_weights(folder: Path, tensors: dict[str, Tensor], experiment: dict[str, Any]) -> None:
    """Write `model.safetensors` and `config.json` into an existing folder.

    Args:
        folder: where.
        tensors: the network's state.
        experiment: the experiment as a JSON tree; only what rebuilds the network is kept.
    """
    from safetensors.torch import save_file

    stored = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    save_file(stored, folder / WEIGHTS_NAME)
    give_default_mode(folder / WEIGHTS_NAME)  # safetensors makes the file private
    write_json(folder / CONFIG_NAME, inference_config(experiment))


def inference_config(experiment: dict[str, Any]) -> dict[str, Any]:
    """The sections of an experiment that inference needs."""
    return {key: value for key, value in experiment.items() if key not in TRAINING_SECTIONS}


def read_experiment(folder: Path) -> ExperimentConfig:
    """The validated config of a checkpoint folder; sections that inference does not need are defaults.

    Raises:
        CheckpointError: no or unreadable config.
        ConfigError: a config that its system does not accept.
    """
    path = folder / CONFIG_NAME
    tree = read_json(path)
    for key in ("system", "part"):
        if key not in tree:
            raise CheckpointError(f"{path} names no {key}", "restore the file")
    layered = Layered()
    layered.merge({"out_dir": str(folder), "data": {"cuts": ""}}, "defaults")
    layered.merge(tree, str(path))
    schema = resolve(get_part(str(tree["system"]), str(tree["part"])).config)
    experiment = validate(layered, schema)
    assert isinstance(experiment, ExperimentConfig)
    return experiment


def load_network(path: Path, device: str | torch.device = "cpu") -> tuple[nn.Module, ExperimentConfig]:
    """Rebuild a network from its checkpoint folder (or its run folder), in eval mode.

    Raises:
        CheckpointError: missing, broken or unfitting files.
    """
    folder = find_checkpoint(path)
    experiment = read_experiment(folder)
    part = get_part(experiment.system, experiment.part)
    network: nn.Module = resolve(part.network)(experiment.model)  # type: ignore[attr-defined]
    load_into(network, load_weights(folder / WEIGHTS_NAME), folder / WEIGHTS_NAME)
    return network.to(device).eval(), experiment
