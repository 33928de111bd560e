"""The one place where kernels are put into networks that are loaded."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TypeVar

import torch
from torch import nn

from hiervox.models.base.checkpoints.checkpoint import load_network
from hiervox.models.base.config import ExperimentConfig
from hiervox.models.base.registry import SYSTEMS
from hiervox.modules.kernels.prepare import device_of, parameter_count, prepare_for_inference
from hiervox.utils.errors import CheckpointError
from hiervox.utils.memory import uncollected

__all__ = ["device_of", "load_as", "load_for_inference", "parameter_count", "prepared"]

NetworkT = TypeVar("NetworkT", bound=nn.Module)
ExperimentT = TypeVar("ExperimentT", bound=ExperimentConfig)


def load_as(
    folder: Path,
    device: str | torch.device,
    network_class: type[NetworkT],
    experiment_class: type[ExperimentT],
    plain: bool = False,
) -> tuple[NetworkT, ExperimentT]:
    """`load_for_inference` of a checkpoint that has to be a certain one.

    Raises:
        CheckpointError: it is missing, broken, or of another network.
    """
    network, experiment = load_for_inference(folder, device, plain)
    if not isinstance(network, network_class) or not isinstance(experiment, experiment_class):
        raise CheckpointError(
            f"{folder} is {experiment.system}/{experiment.part}, which has no {network_class.__name__}",
            f"name a checkpoint of {experiment_class.__module__.split('.')[-2]}",
        )
    return network, experiment


def load_for_inference(
    path: Path, device: str | torch.device = "cpu", plain: bool = False
) -> tuple[nn.Module, ExperimentConfig]:
    """As `load_network`, with what makes the network quick; it can't be trained, saved or moved.

    Args:
        path: a checkpoint folder, or a run folder.
        device: where the network goes.
        plain: whether weights stay where they are, such as those that saved voices are bound to.

    Raises:
        CheckpointError: missing, broken or unfitting files.
    """
    with uncollected():
        network, experiment = load_network(path, device)
        return prepared(network, experiment.system, plain), experiment


def prepared(network: nn.Module, system: str, plain: bool = False) -> nn.Module:
    """A network of a system, in eval mode, with what makes it quick on its device.

    Args:
        network: its modules are replaced in place.
        system: whose card may name replacements of its own.
        plain: as for `load_for_inference`.

    Raises:
        ConfigError: there is no such system.
    """
    replacements = SYSTEMS.named(system).replacements
    if replacements is not None:
        import_module(replacements)
    return prepare_for_inference(network, plain=plain)
