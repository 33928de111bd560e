"""The base of every config section, kept apart from reading files, so that modules can use it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict

MOST_SIZE = 1_000_000
"""No width, kernel, rate or vocabulary of a network is larger; building one that is would exhaust memory."""
MOST_ITEMS = 10_000


class Config(BaseModel):
    """Base of every config section: immutable; an unknown key or a number that is not finite is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False)


def require_sizes(section: BaseModel | dict[str, Any], name: str) -> None:
    """Refuse numbers in a section that describes a network which no network could have.

    Raises:
        ValueError: a whole number over `MOST_SIZE`, or a list of more than `MOST_ITEMS`; it names the key.
    """
    for dotted, value in _leaves(section, name):
        if isinstance(value, int) and value > MOST_SIZE:
            raise ValueError(f"{dotted} is {value}, and no size of a network is over {MOST_SIZE}")
        if isinstance(value, tuple) and len(value) > MOST_ITEMS:
            raise ValueError(f"{dotted} has {len(value)} items, over {MOST_ITEMS}")


def _leaves(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, BaseModel):
        value = {field: getattr(value, field) for field in type(value).model_fields}
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{name}.{key}")
        return
    yield name, value
    if isinstance(value, tuple):
        for index, inner in enumerate(value[:MOST_ITEMS]):
            yield from _leaves(inner, f"{name}.{index}")
