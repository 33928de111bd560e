"""Options that several verbs share, alone and in groups.

A parameter of a verb whose annotation is an `OptionGroup` stands for the group's fields, each an option::

    @grouped
    def enhance(recordings: Recordings, out: OutputOptions, run: BatchOptions) -> None:
        ...  # run.model, run.device, run.overwrite, run.skip_existing
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from hiervox.utils.device import Precision

ConfigOption = Annotated[Path, typer.Option("--config", help="A JSON5 config file.")]
OverridesOption = Annotated[
    list[str] | None,
    typer.Option("--set", help="Override one key, as in train.batch_size=8. May be repeated."),
]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 …")]
PrecisionOption = Annotated[
    Precision, typer.Option(help="In which the networks multiply; tf32 on a GPU alone.")
]
RayOption = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Share the work among the GPUs or cores of a Ray cluster: HOST:PORT, auto, or local.",
    ),
]

VerbFunction = Callable[..., None]


class OptionGroup:
    """Base of dataclasses whose fields are annotated with options."""


def grouped(verb: VerbFunction) -> VerbFunction:
    """Give a verb the fields of its parameters that are groups as options; it is called with the groups."""
    hints = get_type_hints(verb, include_extras=True)
    parameters: list[inspect.Parameter] = []
    groups: dict[str, Any] = {}
    for parameter in inspect.signature(verb).parameters.values():
        kind = hints[parameter.name]
        if isinstance(kind, type) and issubclass(kind, OptionGroup):
            groups[parameter.name] = kind
            parameters += _parameters_of(kind)
        else:
            parameters.append(parameter.replace(annotation=kind))

    def run(**given: Any) -> None:
        made = {
            name: group(**{field.name: given.pop(field.name) for field in fields(group)})
            for name, group in groups.items()
        }
        verb(**given, **made)

    return signed(run, verb, parameters)


def _parameters_of(group: Any) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    kind, none = inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.empty
    return [
        inspect.Parameter(
            field.name,
            kind,
            default=none if field.default is MISSING else field.default,
            annotation=hints[field.name],
        )
        for field in fields(group)
    ]


def signed(run: VerbFunction, verb: VerbFunction, parameters: Sequence[inspect.Parameter]) -> VerbFunction:
    """`run` under the name and docstring of a verb, with parameters of its own for typer to read."""
    run.__name__, run.__doc__, run.__module__ = verb.__name__, verb.__doc__, verb.__module__
    kept = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]
    run.__signature__ = inspect.Signature(kept)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run
