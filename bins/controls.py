"""Options of the tasks' controls, and the controls that they make."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_type_hints

import typer

from hiervox.bins.options import signed
from hiervox.models.base.pipelines.controls import Controls, controls_of, make_controls, parse_assignments
from hiervox.utils.errors import ConfigError

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from hiervox.models.base.card import SystemCard

AssignmentOption = Annotated[
    list[str] | None,
    typer.Option(
        "--control", metavar="NAME=VALUE", help="A control of the system: `hiervox systems show NAME`."
    ),
]


@dataclass(frozen=True)
class ControlOptions:
    """Controls as the options of a verb give them.

    Attributes:
        given: name of a control → value of its option; None where it was not given.
        assignments: as `--control` has them.
    """

    given: Mapping[str, object] = field(default_factory=dict)
    assignments: Sequence[str] | None = None

    def with_value(self, name: str, value: object) -> ControlOptions:
        """The same with another value of one option."""
        return ControlOptions({**self.given, name: value}, self.assignments)


NO_OPTIONS = ControlOptions()


def control_options(
    schema: type[Controls], *names: str, **defaults: object
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a verb an option for each of some controls, and `--control`, in place of its parameter `options`.

    Types, defaults and help are the model's; values are checked as the system's controls are made.

    Args:
        schema: the model of the controls.
        names: of those that have an option; all, where none is named.
        defaults: of the verb, where it has others than the model.
    """

    chosen = names or tuple(schema.model_fields)
    kind = inspect.Parameter.KEYWORD_ONLY

    def decorated(verb: Callable[..., None]) -> Callable[..., None]:
        hints = get_type_hints(verb, include_extras=True)
        parameters: list[inspect.Parameter] = []
        for parameter in inspect.signature(verb).parameters.values():
            if parameter.name != "options":
                parameters.append(parameter.replace(annotation=hints[parameter.name]))
                continue
            for name in chosen:
                option = _option(schema.model_fields[name], name in defaults)
                default = defaults.get(name)
                parameters.append(inspect.Parameter(name, kind, default=default, annotation=option))
            parameters.append(inspect.Parameter("control", kind, default=None, annotation=AssignmentOption))

        def run(**given: Any) -> None:
            assignments = given.pop("control")
            options = ControlOptions({name: given.pop(name) for name in chosen}, assignments)
            verb(**given, options=options)

        return signed(run, verb, parameters)

    return decorated


def _option(field: FieldInfo, has_default: bool) -> Any:
    """The annotation of a control's option: its type or None, and its help."""
    kinds = [kind for kind in get_args(field.annotation) if kind is not type(None)] or [field.annotation]
    kind = kinds[0] if isinstance(kinds[0], type) else str
    text = field.description or ""
    shown = "" if has_default or field.default is None else f" Default: {field.default}."
    return Annotated[kind | None, typer.Option(help=f"{text[:1].upper()}{text[1:]}.{shown}")]


def controls_from(card: SystemCard, options: ControlOptions) -> Any:
    """Controls of a system from the options that were given, and from `--control`.

    Raises:
        ConfigError: a control that the system does not have, a value out of range, or one given twice.
    """
    given = {name: value for name, value in options.given.items() if value is not None}
    own = parse_assignments(options.assignments)
    twice = sorted(given.keys() & own.keys())
    if twice:
        raise ConfigError(f"control {twice[0]} is set twice", "set it once")
    labels = {name: f"--{name.replace('_', '-')}" for name in given}
    return make_controls(controls_of(card) or Controls, {**given, **own}, card.name, labels)
