"""Networks of transformers that metrics use, by name or folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hiervox.utils.errors import DependencyError

if TYPE_CHECKING:
    from torch import nn


def load_transformer(kind: str, name: str) -> tuple[Any, Path]:
    """A network of transformers in eval mode and float32, and the folder that it lies in.

    Args:
        kind: the name of its class, such as `WavLMForXVector` or `AutoModel`.
        name: on the Hub, or a folder.

    Raises:
        DependencyError: it is not there and can't be fetched.
    """
    import transformers

    folder = pretrained_folder(name)
    try:
        network = getattr(transformers, kind).from_pretrained(str(folder), use_safetensors=None)
    except (OSError, ValueError, RuntimeError) as error:
        raise DependencyError(f"can't load {name!r} as {kind} ({error})", "name another model") from error
    return network.float().eval(), folder


def pretrained_folder(
    name: str, patterns: tuple[str, ...] = ("*.json", "*.safetensors", "*.bin", "*.ckpt")
) -> Path:
    """The folder of a model, fetched from the Hub where `name` is no folder.

    Raises:
        DependencyError: it is not there and can't be fetched.
    """
    if Path(name).is_dir():
        return Path(name)
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=list(patterns)))
    except Exception as error:  # the client's own errors, httpx's and OSError: no name, no network, no access
        raise DependencyError(
            f"can't fetch {name!r} ({type(error).__name__})",
            "name a folder that holds the model, or go online",
        ) from error


def load_state(network: nn.Module, path: Path, without: tuple[str, ...] = ()) -> None:
    """Fill a network with the weights of a torch file, as they are or under the key `model`; set eval mode.

    Args:
        network: of the file's architecture.
        path: nothing but tensors is unpickled.
        without: beginnings of the names that are left out.

    Raises:
        DependencyError: no such file, or it holds something else.
    """
    import torch

    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        state = state.get("model", state)
        network.load_state_dict(
            {name: value for name, value in state.items() if not name.startswith(without)}
        )
    except Exception as error:  # torch reports missing, foreign and unsafe files each in its own way
        kind = type(network).__name__
        raise DependencyError(
            f"can't load {path} as {kind} ({type(error).__name__})", "give another file"
        ) from error
    network.eval()
