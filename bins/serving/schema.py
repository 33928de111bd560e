"""Bodies of requests."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hiervox.processors.text.markup import is_markup
from hiervox.utils.errors import ConfigError

Format = Literal["mp3", "wav", "flac", "opus", "aac", "pcm"]


class VoiceId(BaseModel):
    """A voice as an object."""

    id: str


class HierVoxOptions(BaseModel):
    """What OpenAI's request has no word for; None leaves a control to the system's default.

    Attributes:
        seed, rate, semitones, pitch_range, language: as the controls of those names.
        ssml: whether the input is SSML, with or without `<speak>` around it; None to see by its beginning.
        controls: further controls of the system.
        stream: whether WAV and FLAC are sent while they are made, with headers of unknown length.
    """

    model_config = ConfigDict(extra="forbid")

    seed: int | None = None
    rate: int | None = None
    semitones: float | None = None
    pitch_range: float | None = None
    language: str | None = None
    ssml: bool | None = None
    controls: dict[str, Any] = Field(default_factory=dict)
    stream: bool = False


class SpeechRequest(BaseModel):
    """`POST /v1/audio/speech`; fields that are not here are ignored, as clients send many."""

    model: str
    input: str = Field(min_length=1)
    voice: str | VoiceId = ""
    response_format: Format = "mp3"
    speed: float = Field(1.0, ge=0.25, le=4.0)
    stream_format: Literal["audio", "sse"] = "audio"
    hiervox: HierVoxOptions = Field(default_factory=HierVoxOptions)

    @property
    def voice_name(self) -> str:
        """The voice's name, or names with weights; empty for the model's own."""
        return self.voice if isinstance(self.voice, str) else self.voice.id

    @property
    def text(self) -> str:
        """The input as pipelines read it.

        Raises:
            ConfigError: it is SSML, and `hiervox.ssml` is false.
        """
        marked_up, wanted = is_markup(self.input), self.hiervox.ssml
        if marked_up and wanted is False:
            raise ConfigError("the input is SSML, and hiervox.ssml is false", "take the markup out")
        return f"<speak>{self.input}</speak>" if wanted and not marked_up else self.input

    @property
    def is_whole(self) -> bool:
        """Whether the sound is sent as one file of known length."""
        headed = self.response_format in ("wav", "flac")
        return headed and self.stream_format == "audio" and not self.hiervox.stream

    def controls(self) -> dict[str, Any]:
        """Control → value, of those that were given.

        Raises:
            ConfigError: one is given twice.
        """
        own = self.hiervox
        names = ("seed", "rate", "semitones", "pitch_range", "language")
        given = {name: value for name in names if (value := getattr(own, name)) is not None}
        if "speed" in self.model_fields_set:
            given["speed"] = self.speed
        twice = sorted(given.keys() & own.controls.keys())
        if twice:
            raise ConfigError(f"control {twice[0]} is set twice", "set it once")
        if "scaling" in own.controls:
            raise ConfigError("scaling does not go with a stream", "leave it out")
        return {**given, **own.controls, "scaling": "none"}


def parse_speech(body: bytes) -> SpeechRequest:
    """A request from its JSON.

    Raises:
        ConfigError: it is not JSON, or a field is missing or unusable.
    """
    try:
        return SpeechRequest.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the body"
        raise ConfigError(f"{place} can't be used", first["msg"]) from error
