"""Reading the configs that authors published beside their checkpoints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import reduce
from typing import Any, TypeVar

from pydantic import ValidationError

from hiervox.processors.spectrogram import SpectrogramConfig
from hiervox.utils.config import Config
from hiervox.utils.errors import CheckpointError

SizesT = TypeVar("SizesT", bound=Config)

HINT = "name the config that came with the checkpoint"


@contextmanager
def reading_published(hint: str = HINT) -> Iterator[None]:
    """What is missing or of no use, in a config or among the weights that it is read with, is said in a line.

    Args:
        hint: what to do about it.

    Raises:
        CheckpointError: instead of what the block raises.
    """
    try:
        yield
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise CheckpointError(f"the published config does not fit ({place}: {first['msg']})", hint) from error
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"the published config or weights lack {error}", hint) from error


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
    with reading_published():
        return sizes(**given, **fixed)


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
