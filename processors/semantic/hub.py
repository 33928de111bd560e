"""Pretrained networks by Hub id or local folder, without waiting on a network that is not there."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from hiervox.utils.errors import DependencyError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

ModelT = TypeVar("ModelT", bound="PreTrainedModel")


def hub_reachable(timeout: float = 3.0) -> bool:
    """Whether the Hugging Face Hub answers. False without asking where HF_HUB_OFFLINE is set."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return False
    request = urllib.request.Request(constants.ENDPOINT, method="HEAD")
    try:
        urllib.request.urlopen(request, timeout=timeout).close()
    except urllib.error.HTTPError:
        return True  # it answered
    except OSError:
        return False
    return True


def load_pretrained(network: type[ModelT], name: str, instead: str, needed: str = "") -> ModelT:
    """A network in eval mode and float32, from a folder, else from the Hub's cache, else downloaded.

    Args:
        network: transformers' class.
        name: a Hub id or a folder.
        instead: what the user can do without a Hub, for the message.
        needed: a submodule that not every checkpoint of the class has weights of.

    Raises:
        DependencyError: it is in neither place, or not loadable, or lacks what is needed.
    """
    try:
        return _loaded(network, name, needed, local=True)
    except (OSError, ValueError) as error:
        if Path(name).is_dir():
            raise DependencyError(
                f"can't load {name} ({error})", "name a folder in transformers' layout"
            ) from error
    if not hub_reachable():
        raise DependencyError(
            f"{name} is not on this machine, and the Hugging Face Hub can't be reached", instead
        )
    try:
        return _loaded(network, name, needed)
    except (OSError, ValueError) as error:
        raise DependencyError(f"can't load {name} ({error})", instead) from error


def _loaded(network: type[ModelT], name: str, needed: str, local: bool = False) -> ModelT:
    loaded: Any = network.from_pretrained(name, output_loading_info=True, local_files_only=local)
    model: ModelT
    model, found = loaded
    if needed and any(key.startswith(f"{needed}.") for key in found["missing_keys"]):
        raise DependencyError(f"{name} has no {needed}", "take a checkpoint that has it, or do without")
    return model.float().eval()
