"""Controls: what a user can set at inference, checked by the pydantic model that a system's card names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeVar

from pydantic import Field, ModelWrapValidatorHandler, ValidationError, ValidationInfo, model_validator
from pydantic.fields import FieldInfo

from hiervox.models.base.card import SystemCard
from hiervox.utils.config import Config
from hiervox.utils.errors import ConfigError
from hiervox.utils.registry import nearest, resolve

DEFAULT_SEED = 1111  # the published inference's of HierSpeech++
LABELS = "labels"
Scaling = Literal["max", "prompt", "none"]


class Controls(Config):
    """Base of a system's controls: immutable, each with a default, a range, and a description.

    A field is `name: type = Field(default, ge=…, le=…, description="…")`.

    Raises:
        ConfigError: a value out of range, in one line.
    """

    @model_validator(mode="wrap")
    @classmethod
    def _in_one_line(cls, values: Any, handler: ModelWrapValidatorHandler[Any], info: ValidationInfo) -> Any:
        try:
            return handler(values)
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"])
            if first["type"] == "extra_forbidden":
                raise ConfigError(f"no control {name!r}", nearest(name, cls.model_fields)) from error
            label = (info.context or {}).get(LABELS, {}).get(name, name)
            raise ConfigError(f"{label} can't be {first['input']!r}", _hint(first)) from error


class SpeechControls(Controls):
    """What every system that speaks understands, since the shared pipeline does it.

    Attributes:
        scaling: the peak of the result: `max` is 0.999, `prompt` the prompt's own, `none` leaves what the
            network made.
        rate: of the result, Hz; None for the system's own.
        seed: of all noise.
        sentence_pause: seconds after a sentence; None leaves it to the kind of its ending.
        language: espeak's name of the text's language; None for the first one that the model declares.
    """

    scaling: Scaling = Field(
        "max", description="peak: max (0.999), prompt (the prompt's) or none (as it comes)"
    )
    rate: int | None = Field(
        None, gt=0, description="Hz of the result, by default the model's own; others need a network for them"
    )
    seed: int = Field(
        DEFAULT_SEED, ge=0, lt=2**63, description="of all noise; the same seed gives the same sound"
    )
    sentence_pause: float | None = Field(
        None,
        ge=0,
        le=60,
        allow_inf_nan=False,
        description="seconds after a sentence within the text, by default by its ending",
    )
    language: str | None = Field(
        None, description="espeak's name of the text's language, by default the model's first"
    )


class PitchControls(SpeechControls):
    """Of systems whose pitch can be changed.

    Attributes:
        semitones: shift of the pitch.
        pitch_range: factor of log-F0's distance from its mean over voiced frames; 0 is monotonous.
    """

    semitones: float = Field(0.0, ge=-24, le=24, allow_inf_nan=False, description="shift of the pitch")
    pitch_range: float = Field(
        1.0,
        ge=0,
        le=5,
        allow_inf_nan=False,
        description="factor of the pitch's range; 0 is monotonous, 1 as it is",
    )


class ProsodyControls(PitchControls):
    """Further controls of systems that predict durations and pitch.

    Attributes:
        speed: over 1 is faster.
        longest_pause: seconds of each blank and each mark within a sentence at most; None leaves them alone.
    """

    speed: float = Field(1.0, ge=0.1, le=10, allow_inf_nan=False, description="over 1 is faster")
    longest_pause: float | None = Field(
        None, gt=0, le=60, allow_inf_nan=False, description="seconds of a pause within a sentence at most"
    )


class PromptTextControls(SpeechControls):
    """Of systems that read a prompt with its text.

    Attributes:
        prompt_text: what is said in the prompt; None for what its `.txt` file says.
    """

    prompt_text: str | None = Field(
        None,
        description="what is said in the prompt, by default its .txt file's text; some models read it",
    )


ControlsT = TypeVar("ControlsT", bound=Controls)


def make_controls(
    schema: type[ControlsT],
    given: Mapping[str, Any],
    owner: str = "the model",
    labels: Mapping[str, str] | None = None,
) -> ControlsT:
    """Controls from names and values; values may be strings, as the command line has them.

    Args:
        schema: of the system.
        given: what differs from the defaults.
        owner: whose controls they are, for messages.
        labels: what messages call a control, where it is not its name.

    Raises:
        ConfigError: a control that the system does not have, naming those it has, or a value out of range.
    """
    for name in given:
        if name not in schema.model_fields:
            known = ", ".join(schema.model_fields) or "none"
            raise ConfigError(f"{owner} has no control {name!r}", f"it has {known}")
    return schema.model_validate(dict(given), context={LABELS: labels or {}})


def parse_assignments(assignments: Sequence[str] | None) -> dict[str, str]:
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
    message: str = error["msg"].removeprefix("Input should be ")
    return f"give {message[:1].lower()}{message[1:]}"
