"""Checkpoints: a folder with weights (safetensors) and the config that rebuilds the network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from hiervox.models.base.checkpoints.building import bounded_building, headers_of, numbers_of, require_fit
from hiervox.models.base.checkpoints.tensor_files import load_weights, read_headers, save_tensors
from hiervox.models.base.config import ExperimentConfig
from hiervox.models.base.registry import get_part
from hiervox.utils.config import Layered, validate
from hiervox.utils.errors import CheckpointError, ConfigError
from hiervox.utils.files import write_json
from hiervox.utils.json_files import read_object
from hiervox.utils.registry import resolve
from hiervox.utils.storage import url_of

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


WEIGHTS_NAME = "model.safetensors"
CONFIG_NAME = "config.json"
CHECKPOINTS_NAME = "checkpoints"
LAST_NAME = "last.json"
STATE_NAME = "state"
"""Of a checkpoint, what resuming alone needs."""
SPARE_NUMBERS = 100_000_000
"""A network may have so many more numbers than four times the stored ones; weight norm counts twice."""
TRAINING_SECTIONS = ("train", "data", "out_dir", "seed", "loss", "discriminators")
"""Sections that a checkpoint's config leaves out."""
KEPT_DATA = ("sample_rate", "hop_length")
"""Keys of `data` that stay in it: what the network's frames and samples mean."""

NetworkT = TypeVar("NetworkT", bound="nn.Module")
ExperimentT = TypeVar("ExperimentT", bound=ExperimentConfig)


def find_checkpoint(path: Path, with_state: bool = False) -> Path:
    """The checkpoint folder that `path` means: itself, or the last one of a run folder.

    Args:
        path: a folder, or a URL, whose files are copied to this machine.
        with_state: whether what stands at a URL is copied with the weights of further networks.

    Raises:
        CheckpointError: there is none.
    """
    if (url := url_of(path)) is not None:
        from hiervox.models.base.checkpoints.remote import fetched_model

        path = fetched_model(url, with_state)
    if (path / WEIGHTS_NAME).is_file():
        return path
    pointer = path / CHECKPOINTS_NAME / LAST_NAME
    if pointer.is_file():
        folder = pointer.parent / str(read_json(pointer).get("folder", ""))
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
        return read_object(path)
    except OSError as error:
        raise CheckpointError(f"can't read {path} ({error.strerror})", "restore the file") from error
    except ValueError as error:
        raise CheckpointError(f"can't read {path} ({error})", "restore the file") from error


def load_into(network: nn.Module, tensors: dict[str, Tensor], source: Path) -> None:
    """Load weights strictly.

    Raises:
        CheckpointError: naming missing, surplus and misshapen tensors, and integers in place of floats.
    """
    require_fit(headers_of(tensors), headers_of(network.state_dict()), source)
    present = network.state_dict()
    if any(hasattr(tensor, "device_mesh") for tensor in present.values()):  # shared out over processes
        from hiervox.models.base.training.full_sharding import shared_like

        tensors = shared_like(tensors, present)
    network.load_state_dict(tensors)


def save_weights(folder: Path, tensors: dict[str, Tensor], experiment: dict[str, Any]) -> None:
    """Write `model.safetensors` and `config.json` into an existing folder.

    Args:
        folder: where.
        tensors: the network's state.
        experiment: the experiment as a JSON tree; only what rebuilds the network is kept.

    Raises:
        OSError: a full disk and the like; it names the file.
    """
    save_tensors(folder / WEIGHTS_NAME, tensors)
    write_json(folder / CONFIG_NAME, inference_config(experiment))


def inference_config(experiment: dict[str, Any]) -> dict[str, Any]:
    """The sections of an experiment that inference needs: all but `TRAINING_SECTIONS`, with rate and hop."""
    kept = {key: value for key, value in experiment.items() if key not in TRAINING_SECTIONS}
    data = {key: value for key, value in experiment.get("data", {}).items() if key in KEPT_DATA}
    return {**kept, "data": data} if data else kept


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


def load_named(
    key: str, path: Path, network_class: type[NetworkT], experiment_class: type[ExperimentT], hint: str
) -> tuple[NetworkT, ExperimentT]:
    """As `load_network`, of the checkpoint that a key of a config names.

    Args:
        key: for messages.
        path: its value.
        network_class, experiment_class: what it has to be.
        hint: what to name instead.

    Raises:
        CheckpointError: missing, broken or unfitting files.
        ConfigError: it is something else.
    """
    network, experiment = load_network(path)
    if not isinstance(network, network_class) or not isinstance(experiment, experiment_class):
        raise ConfigError(f"{key} {path} is {experiment.system}/{experiment.part}", hint)
    return network, experiment


def load_network(path: Path, device: str | torch.device = "cpu") -> tuple[nn.Module, ExperimentConfig]:
    """Rebuild a network from its checkpoint folder (or its run folder), in eval mode.

    Raises:
        CheckpointError: missing, broken or unfitting files.
    """
    from hiervox.models.base.checkpoints.unfilled import unfilled_weights

    folder = find_checkpoint(path)
    experiment = read_experiment(folder)
    part = get_part(experiment.system, experiment.part)
    weights = folder / WEIGHTS_NAME
    most = SPARE_NUMBERS + 4 * numbers_of(read_headers(weights))
    with bounded_building(folder / CONFIG_NAME, most), unfilled_weights():
        network: nn.Module = resolve(part.network)(experiment.model)  # type: ignore[attr-defined]
    load_into(network, load_weights(weights), weights)
    return network.to(device).eval(), experiment
