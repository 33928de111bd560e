"""What a user can turn: how steady, how fast, how high, how loud, at which rate."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, ModelWrapValidatorHandler, ValidationError, model_validator

from hiervox.utils.config import Config
from hiervox.utils.errors import ConfigError
from hiervox.utils.registry import nearest

RATES = (16000, 24000, 48000)
"""Hz; those over 16000 go through super-resolution."""
DEFAULT_SEED = 1111  # the published inference's

Scaling = Literal["max", "prompt", "none"]


class SpeechControls(Config):
    """All controls of speaking and converting; conversion uses those that do not concern text.

    Attributes:
        noise_scale_ttv: deviation of the semantic vectors, how much the reading varies. The published
            inference recommends 0.333 for steady and 0.667 for lively speech.
        noise_scale: deviation of the synthesizer's latent, how much the sound varies.
        duration_noise_scale: deviation of the durations, how much the rhythm varies.
        speed: over 1 is faster.
        semitones: shift of the pitch.
        pitch_range: factor of log-F0's distance from its mean over voiced frames; 0 is monotonous.
        scaling: the peak of the result: `max` is 0.999, `prompt` the prompt's own (both as published),
            `none` leaves what the generator made.
        rate: of the result, Hz.
        seed: of all noise.
        sentence_pause: seconds after a sentence; None leaves it to the kind of its ending.
        longest_pause: seconds of each blank and each mark within a sentence at most; None leaves them alone.
        language: espeak's name of the text's language; None for the first one that the model declares.

    Raises:
        ConfigError: a value out of range, in one line.
    """

    noise_scale_ttv: float = Field(0.333, ge=0, le=2, allow_inf_nan=False)
    noise_scale: float = Field(0.333, ge=0, le=2, allow_inf_nan=False)
    duration_noise_scale: float = Field(1.0, ge=0, le=2, allow_inf_nan=False)
    speed: float = Field(1.0, ge=0.1, le=10, allow_inf_nan=False)
    semitones: float = Field(0.0, ge=-24, le=24, allow_inf_nan=False)
    pitch_range: float = Field(1.0, ge=0, le=5, allow_inf_nan=False)
    scaling: Scaling = "max"
    rate: Literal[16000, 24000, 48000] = 16000
    seed: int = Field(DEFAULT_SEED, ge=0, lt=2**63)
    sentence_pause: float | None = Field(None, ge=0, le=60, allow_inf_nan=False)
    longest_pause: float | None = Field(None, gt=0, le=60, allow_inf_nan=False)
    language: str | None = None

    @model_validator(mode="wrap")
    @classmethod
    def _tell_in_one_line(
        cls, values: Any, handler: ModelWrapValidatorHandler[SpeechControls]
    ) -> SpeechControls:
        try:
            return handler(values)
        except ValidationError as error:
            first = error.errors()[0]
            name, mend = ".".join(str(part) for part in first["loc"]), first["msg"]
            if first["type"] == "literal_error":
                mend = f"choose one of {first['ctx']['expected'].replace(' or ', ', ')}"
            elif first["type"] == "extra_forbidden":
                mend = nearest(name, cls.model_fields)
            raise ConfigError(f"no {name} {first['input']!r}", mend) from error
