"""Tests of `hiervox.models.base.pipelines.controls`."""

from __future__ import annotations

from typing import Literal

import pytest
from pydantic import Field

from hiervox.models.base.pipelines.controls import Controls, describe, make_controls, parse_assignments
from hiervox.utils.errors import ConfigError


class Two(Controls):
    noise: float = Field(0.5, ge=0, le=2, description="how much the sound varies")
    style: Literal["calm", "lively"] = "calm"


def test_values_come_as_text() -> None:
    given = parse_assignments(["noise=0.25", "style = lively"])
    assert make_controls(Two, given) == Two(noise=0.25, style="lively")
    assert parse_assignments(["top-k=3"]) == {"top_k": "3"}


@pytest.mark.parametrize(
    ("assignments", "message"),
    [
        (["loudness=3"], "toy has no control 'loudness': it has noise, style"),
        (["noise=3"], "noise can't be '3': give at most 2"),
        (["noise=-1"], "noise can't be '-1': give at least 0"),
        (["noise=much"], "noise can't be 'much': "),
        (["style=angry"], "style can't be 'angry': choose one of 'calm', 'lively'"),
        (["noise"], "--control 'noise' is not understood"),
        (["noise=1", "noise=1"], "control noise is set twice"),
    ],
)
def test_mistakes_are_one_line(assignments: list[str], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make_controls(Two, parse_assignments(assignments), "toy")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_control_is_described() -> None:
    fields = Two.model_fields
    assert describe("noise", fields["noise"]) == "noise=0.5 (>= 0 <= 2)  how much the sound varies"
    assert describe("style", fields["style"]) == "style=calm (calm, lively)"
