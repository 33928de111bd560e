"""Controls: what a user can set at inference, checked by the pydantic model that a system's card names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from hiervox.models.base.card import SystemCard
from hiervox.utils.config import Config
from hiervox.utils.errors import ConfigError
from hiervox.utils.registry import nearest, resolve


class Controls(Config):
    """Base of a system's controls: immutable, each with a default, a range, and a description for `--help`.

    A field is `name: type = Field(default, ge=…, le=…, description="…")`.
    """


ControlsT = TypeVar("ControlsT", bound=Controls)


def make_controls(schema: type[ControlsT], given: Mapping[str, Any], owner: str = "the model") -> ControlsT:
    """Controls from names and values; values may be strings, as the command line has them.

    Args:
        schema: of the system.
        given: what differs from the defaults.
        owner: whose controls they are, for messages.

    Raises:
        ConfigError: a control that the system does not have, naming those it has, or a value out of range.
    """
    for name in given:
        if name not in schema.model_fields:
            known = ", ".join(schema.model_fields) or "none"
            raise ConfigError(f"{owner} has no control {name!r}", f"it has {known}")
    try:
        return schema.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{name} can't be {first['input']!r}", _hint(first)) from error


def parse_assignments(assignments: list[str] | None) -> dict[str, str]:
    """`NAME=VALUE` of the command line.

    Raises:
        ConfigError: something else, or one name twice.
    """
    given: dict[str, str] = {}
    for assignment in assignments or ():
        name, equals, value = assignment.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or not name:
            raise ConfigError(f"--control {assignment!r} is not understood", "write --control name=value")
        if name in given:
            raise ConfigError(f"control {name} is set twice", "set it once")
        given[name] = value.strip()
    return given


def controls_of(card: SystemCard) -> type[Controls] | None:
    """The model of a system's controls; None where it has none."""
    if card.controls is None:
        return None
    schema: type[Controls] = resolve(card.controls)
    return schema


def describe(name: str, field: FieldInfo) -> str:
    """One line on a control: its name, default, range and meaning."""
    limits = [limit for item in field.metadata if (limit := _limit(item))]
    choices = getattr(field.annotation, "__args__", ())
    if choices and all(isinstance(choice, str | int) for choice in choices):
        limits = [", ".join(map(str, choices))]
    bounds = f" ({' '.join(limits)})" if limits else ""
    return f"{name}={field.default}{bounds}  {field.description or ''}".rstrip()


def _limit(item: object) -> str | None:
    for sign, key in ((">=", "ge"), (">", "gt"), ("<=", "le"), ("<", "lt")):
        if (bound := getattr(item, key, None)) is not None:
            return f"{sign} {bound:g}"
    return None


def _hint(error: Any) -> str:
    """What to do about a value that pydantic refuses, in plain words."""
    context = error.get("ctx", {})
    bounds = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    for key, words in bounds.items():
        if key in context:
            return f"give {words} {context[key]:g}"
    if error["type"] == "literal_error":
        return f"choose one of {context['expected'].replace(' or ', ', ')}"
    if error["type"] == "extra_forbidden":
        return nearest(str(error["loc"][-1]), ())
    message: str = error["msg"]
    return message[:1].lower() + message[1:]
