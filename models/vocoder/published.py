"""Reading the configs and weights that authors of vocoders published."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any, TypeVar

import torch
from pydantic import ValidationError
from torch import Tensor, nn

from hiervox.models.base.checkpoints.importing import map_tensors
from hiervox.processors.spectrogram import SpectrogramConfig
from hiervox.utils.errors import CheckpointError
from hiervox.utils.schema import Config

Imported = tuple[dict[str, Config], dict[str, Tensor]]
"""The sections `model` and `mel` of a config, and tensors by our names."""
Rules = Sequence[tuple[str, str]]
SizesT = TypeVar("SizesT", bound=Config)

HINT = "name the config that came with the checkpoint"
HIFIGAN_MEL_KEYS = {
    "sample_rate": "sampling_rate",
    "n_fft": "n_fft",
    "win_length": "win_size",
    "hop_length": "hop_size",
    "n_mels": "num_mels",
    "f_min": "fmin",
    "f_max": "fmax",
}
"""Of the configs of HiFi-GAN and of those that follow it."""


def read_sizes(
    sizes: type[SizesT], published: Mapping[str, Any], keys: Mapping[str, str], **fixed: Any
) -> SizesT:
    """A section from a published config.

    Args:
        sizes: the section's class.
        published: the authors' config.
        keys: our key → theirs, dotted where sections nest.
        fixed: values that the authors' code fixes.

    Raises:
        CheckpointError: a key is missing, or a value is none that the section takes.
    """
    given = {own: _value(published, theirs) for own, theirs in keys.items()}
    try:
        return sizes(**given, **fixed)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise CheckpointError(f"the published config does not fit ({place}: {first['msg']})", HINT) from error


def read_mel(
    published: Mapping[str, Any], keys: Mapping[str, str], base: SpectrogramConfig
) -> SpectrogramConfig:
    """`base` with the sizes of a published config; a highest frequency of null is half of the rate.

    Raises:
        CheckpointError: a key is missing or does not fit.
    """
    given = {own: _value(published, theirs) for own, theirs in keys.items()}
    if given.get("f_max") is None:
        given["f_max"] = given["sample_rate"] / 2
    return read_sizes(SpectrogramConfig, {}, {}, **{**base.model_dump(), **given})


def _value(published: Mapping[str, Any], dotted: str) -> Any:
    try:
        return reduce(lambda tree, key: tree[key], dotted.split("."), published)
    except (KeyError, TypeError) as error:
        raise CheckpointError(f"the published config lacks {dotted}", HINT) from error


def import_network(
    state_dict: dict[str, Tensor],
    model: SizesT,
    mel: SpectrogramConfig,
    build: Callable[[SizesT], nn.Module],
    rules: Rules,
    ignored: str | None = None,
) -> Imported:
    """Map published tensors onto the network of `model`.

    Raises:
        CheckpointError: they are not that network's.
    """
    with torch.device("meta"):
        network = build(model)
    sections: dict[str, Config] = {"model": model, "mel": mel}
    return sections, map_tensors(state_dict, rules, network, ignored)
