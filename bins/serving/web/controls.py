"""A control model as inputs of a page."""

from __future__ import annotations

import types
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin

import gradio
from pydantic.fields import FieldInfo

from hiervox.utils.config import Config

HIDDEN = ("scaling",)
"""Controls that the server sets itself."""
MOST_STEPS = 1_000
"""A slider has at most so many whole numbers."""
STEPS = 200
"""Of a slider over fractions."""


@dataclass(frozen=True)
class Bounds:
    """Least and greatest value of a number, None where there is none; whether each is itself allowed."""

    least: float | None
    greatest: float | None
    closed: bool

    @classmethod
    def of(cls, field: FieldInfo) -> Bounds:
        """Those of a field."""
        found: dict[str, float] = {}
        for item in field.metadata:
            for key in ("ge", "gt", "le", "lt"):
                if (bound := getattr(item, key, None)) is not None:
                    found[key] = bound
        least, greatest = found.get("ge", found.get("gt")), found.get("le", found.get("lt"))
        return cls(least, greatest, "gt" not in found and "lt" not in found)


def inputs_of(schema: type[Config]) -> dict[str, Any]:
    """An input for each control of a model, made where they are to stand: name → component."""
    return {name: _input(name, field) for name, field in schema.model_fields.items() if name not in HIDDEN}


def is_plain(field: FieldInfo) -> bool:
    """Whether a value is a number, a text, a choice or a switch, and no section of further ones."""
    kind, _ = _kind(field.annotation)
    return get_origin(kind) is Literal or kind in (int, float, bool, str)


def plain_inputs(schema: type[Config]) -> dict[str, Any]:
    """As `inputs_of`, of the values that are no sections."""
    return {name: _input(name, field) for name, field in schema.model_fields.items() if is_plain(field)}


def given_of(schema: type[Config], names: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    """Control → value, of the inputs that differ from the defaults.

    Args:
        schema: of the controls.
        names, values: of the inputs.
    """
    given = {}
    for name, value in zip(names, values, strict=True):
        default = schema.model_fields[name].default
        if value not in (None, "", default):
            given[name] = value
    return given


def _input(name: str, field: FieldInfo) -> Any:
    kind, is_optional = _kind(field.annotation)
    text = field.description or ""
    shown: dict[str, Any] = {
        "label": name.replace("_", " "),
        "info": f"{text[:1].upper()}{text[1:]}." if text else None,
        "interactive": True,
    }
    if get_origin(kind) is Literal:
        return gradio.Dropdown(choices=list(get_args(kind)), value=field.default, **shown)
    if kind is bool:
        return gradio.Checkbox(value=field.default, **shown)
    if kind in (int, float) and not is_optional:
        return _number(kind, field, shown)
    # a number that may be none, too: the page makes 0 of a number that is left empty
    return gradio.Textbox(value="" if field.default is None else str(field.default), max_lines=1, **shown)


def _number(kind: type, field: FieldInfo, shown: dict[str, Any]) -> Any:
    """A slider where the range is whole and short, else a number."""
    bounds = Bounds.of(field)
    if bounds.closed and bounds.least is not None and bounds.greatest is not None:
        span = bounds.greatest - bounds.least
        if kind is float or span <= MOST_STEPS:
            step = 1 if kind is int else _step(span)
            return gradio.Slider(bounds.least, bounds.greatest, value=field.default, step=step, **shown)
    return gradio.Number(value=field.default, precision=0 if kind is int else None, **shown)


def _step(span: float) -> float:
    """The largest power of ten that divides a range into `STEPS` or more."""
    step = 1.0
    while span / step < STEPS:
        step /= 10
    return step


def _kind(annotation: Any) -> tuple[Any, bool]:
    """The type of a value, and whether None is one."""
    if get_origin(annotation) in (Union, types.UnionType):
        kinds = [kind for kind in get_args(annotation) if kind is not type(None)]
        return kinds[0], len(kinds) < len(get_args(annotation))
    return annotation, False
