"""Reading checkpoints that authors published, and mapping their tensors onto our networks."""

from __future__ import annotations

import pickle
import re
import struct
import warnings
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from hiervox.models.base.checkpoints.tensor_files import load_weights
from hiervox.utils.errors import CheckpointError
from hiervox.utils.files import is_file

# `torch.nn.utils.weight_norm` (deprecated) to `torch.nn.utils.parametrizations.weight_norm`.
WEIGHT_NORM_RULES: tuple[tuple[str, str], ...] = (
    (r"\bweight_g$", "parametrizations.weight.original0"),
    (r"\bweight_v$", "parametrizations.weight.original1"),
)
SHOWN_FAULTS = 8
READING_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BufferError,
    EOFError,
    ImportError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
)
"""What torch's reader raises at bytes that no writer made."""
STATE_KEYS = ("model", "generator", "model_g", "state_dict")
"""Where authors put a state dict within a checkpoint: VITS, HiFi-GAN, UnivNet and their heirs, WaveNet."""


def read_published(path: Path) -> dict[str, Tensor]:
    """Read the tensors of a published checkpoint, on the CPU.

    The file is safetensors (by its suffix) or a torch file with a state dict, which may stand under the
    key `model` or `generator` beside a training state. A prefix `module.` on every name (of data-parallel
    training) is taken off.

    Raises:
        CheckpointError: the file is missing, broken, or holds anything but tensors in that place.
    """
    if not is_file(path):
        raise CheckpointError(f"no checkpoint {path}", "check the path")
    tree = load_weights(path) if path.suffix == ".safetensors" else _read_torch(path)
    for key in STATE_KEYS:
        if isinstance(tree, dict) and isinstance(tree.get(key), dict):
            tree = tree[key]
    tensors = tree.values() if isinstance(tree, dict) else ()
    named = isinstance(tree, dict) and all(isinstance(name, str) for name in tree)
    if not tensors or not named or not all(isinstance(tensor, Tensor) for tensor in tensors):
        hint = "name a file of tensors by name, bare or under the key 'model' or 'generator'"
        raise CheckpointError(f"{path} holds no state dict", hint)
    if all(name.startswith("module.") for name in tree):
        tree = {name.removeprefix("module."): tensor for name, tensor in tree.items()}
    return tree


def read_published_state(path: Path) -> dict[str, dict[str, Tensor]]:
    """Read the networks of a published training state on the CPU: all state dicts of a file, by its keys.

    A file that is one state dict has it under the key "".

    Raises:
        CheckpointError: the file is missing, broken, or holds none.
    """
    if not is_file(path):
        raise CheckpointError(f"no checkpoint {path}", "check the path")
    tree = _read_torch(path)
    if isinstance(tree, dict) and any(isinstance(entry, Tensor) for entry in tree.values()):
        tree = {"": tree}
    networks = {
        key: {name.removeprefix("module."): tensor for name, tensor in entry.items()}
        for key, entry in (tree.items() if isinstance(tree, dict) else ())
        if isinstance(entry, dict) and entry and all(isinstance(tensor, Tensor) for tensor in entry.values())
    }
    if not networks:
        raise CheckpointError(f"{path} holds no networks", "name the file of the authors' training state")
    return networks


def read_published_tensor(path: Path) -> Tensor:
    """Read a published file that holds one tensor, on the CPU.

    Raises:
        CheckpointError: it is missing, broken, or holds something else.
    """
    if not is_file(path):
        raise CheckpointError(f"no file {path}", "check the path")
    tensor = _read_torch(path)
    if not isinstance(tensor, Tensor):
        raise CheckpointError(f"{path} is no tensor", "name a file of the authors'")
    return tensor


def _read_torch(path: Path) -> Any:
    try:
        with warnings.catch_warnings():  # of pickles that torch did not write; they are refused, or read
            warnings.filterwarnings("ignore", message="Detected pickle protocol")
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:  # torch's own text advises to switch the safety off
        raise CheckpointError(
            f"{path} is not a torch file of tensors alone", "export its state dict, or copy it again"
        ) from error
    except READING_ERRORS as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CheckpointError(f"{path} is not a torch file of tensors ({reason})", "copy it again") from error


def rename(name: str, rules: Iterable[tuple[str, str]]) -> str:
    """Apply regular-expression replacements to a tensor's name, one after the other."""
    for pattern, replacement in rules:
        name = re.sub(pattern, replacement, name)
    return name


def map_tensors(
    published: dict[str, Tensor],
    rules: Sequence[tuple[str, str]],
    network: nn.Module,
    ignored: str | None = None,
) -> dict[str, Tensor]:
    """Rename published tensors and check that they are exactly those that `network` needs.

    Args:
        published: tensors by the authors' names; weight norm in either of torch's two forms.
        rules: pairs of a regular expression and its replacement, applied in order, weight norm's after them.
        network: the network, which may be on the meta device.
        ignored: regular expression of published names to leave out.

    Returns:
        Tensors by our names, floating ones in the network's precision.

    Raises:
        CheckpointError: naming missing, surplus and misshapen tensors.
    """
    own = network.state_dict()
    mapped: dict[str, Tensor] = {}
    faults: list[str] = []
    for name, tensor in published.items():
        if ignored is not None and re.search(ignored, name):
            continue
        target = rename(name, (*rules, *WEIGHT_NORM_RULES))
        if target not in own or target in mapped:
            faults.append(f"surplus {name}")
        elif tensor.shape != own[target].shape:
            faults.append(f"{name} is {tuple(tensor.shape)} instead of {tuple(own[target].shape)}")
        else:
            mapped[target] = tensor.to(own[target].dtype)
            continue
        mapped.setdefault(target, tensor)  # already counted as a fault, not to be called missing too
    faults += [f"missing {name}" for name in own if name not in mapped]
    if faults:
        shown = ", ".join(faults[:SHOWN_FAULTS])
        more = f" and {len(faults) - SHOWN_FAULTS} more" if len(faults) > SHOWN_FAULTS else ""
        problem = f"the published weights do not fit {type(network).__name__}: {shown}{more}"
        raise CheckpointError(problem, "use the config they were published with, and the right part")
    return mapped
