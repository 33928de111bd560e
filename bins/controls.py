"""Options of the tasks' controls, and the controls that they make."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from hiervox.models.base.card import SystemCard

ScalingOption = Annotated[
    str | None,
    typer.Option(help="Peak: max (0.999), prompt (the prompt's) or none (as it comes). Default: max."),
]
RateOption = Annotated[
    int | None,
    typer.Option(help="Hz of the result. Default: the model's own; others need a network for them."),
]
SeedOption = Annotated[
    int | None, typer.Option(help="Of all noise; the same seed gives the same sound. Default: 1111.")
]
SemitonesOption = Annotated[float | None, typer.Option(help="Shift of the pitch.")]
PitchRangeOption = Annotated[
    float | None, typer.Option(help="Factor of the pitch's range; 0 is monotonous, 1 as it is.")
]
ControlOption = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=VALUE", help="A control of the system: `hiervox systems show NAME`."),
]


def controls_from(card: SystemCard, options: Mapping[str, Any], assignments: list[str] | None) -> Any:
    """Controls of a system from the options that were given, and from `--control`.

    Args:
        card: of the system.
        options: name of a control → value of its option; None where it was not given.
        assignments: as `--control` has them.

    Raises:
        ConfigError: a control that the system does not have, a value out of range, or one given twice.
    """
    from hiervox.models.base.pipelines.controls import Controls, controls_of, make_controls, parse_assignments
    from hiervox.utils.errors import ConfigError

    given = {name: value for name, value in options.items() if value is not None}
    own = parse_assignments(assignments)
    twice = sorted(given.keys() & own.keys())
    if twice:
        raise ConfigError(f"control {twice[0]} is set twice", "set it once")
    labels = {name: f"--{name.replace('_', '-')}" for name in given}
    return make_controls(controls_of(card) or Controls, {**given, **own}, card.name, labels)
