"""Bodies of requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from hiervox.processors.text.markup import is_markup
from hiervox.utils.errors import ConfigError
from hiervox.utils.json_files import parse_json

Format = Literal["mp3", "wav", "flac", "opus", "aac", "pcm"]
HEADED = ("wav", "flac")
"""Formats whose header says how long they are."""


class VoiceId(BaseModel):
    """A voice as an object."""

    id: str


class StreamOptions(BaseModel):
    """What OpenAI's requests have no word for.

    Attributes:
        stream: whether WAV and FLAC are sent while they are made, with headers of unknown length.
    """

    model_config = ConfigDict(extra="forbid")

    stream: bool = False


class ControlOptions(StreamOptions):
    """Controls; None leaves one to the system's default.

    Attributes:
        seed, rate, semitones, pitch_range: as the controls of those names.
        controls: further controls of the system.
    """

    seed: int | None = None
    rate: int | None = None
    semitones: float | None = None
    pitch_range: float | None = None
    controls: dict[str, Any] = Field(default_factory=dict)

    def given(self, **others: Any) -> dict[str, Any]:
        """Control → value, of those that were given here or in `others`.

        Raises:
            ConfigError: one is given twice, or can't be.
        """
        names = ("seed", "rate", "semitones", "pitch_range")
        found = {**{name: getattr(self, name) for name in names}, **others}
        given = {name: value for name, value in found.items() if value is not None}
        twice = sorted(given.keys() & self.controls.keys())
        if twice:
            raise ConfigError(f"control {twice[0]} is set twice", "set it once")
        if "scaling" in self.controls:
            raise ConfigError("scaling does not go with a stream", "leave it out")
        return {**given, **self.controls, "scaling": "none"}


class SpokenOptions(ControlOptions):
    """Of a text.

    Attributes:
        language: as the control of this name.
    """

    language: str | None = None


class SpeechOptions(SpokenOptions):
    """Of a text that is there as a whole.

    Attributes:
        ssml: whether the input is SSML, with or without `<speak>` around it; None to see by its beginning.
        timestamps: what times are told of, sentence by sentence, in events.
    """

    ssml: bool | None = None
    timestamps: list[Literal["word", "phoneme"]] = Field(default_factory=list)


class SoundRequest(BaseModel):
    """What is asked for a sound; fields that are not known are ignored, as clients send many.

    Attributes:
        model: a name; empty for the first model that does what is asked for.
    """

    model: str = ""
    response_format: Format = "wav"
    stream_format: Literal["audio", "sse"] = "audio"
    hiervox: StreamOptions = Field(default_factory=StreamOptions)

    @property
    def is_whole(self) -> bool:
        """Whether the sound is sent as one file of known length."""
        is_file = self.response_format in HEADED and self.stream_format == "audio"
        return is_file and not self.hiervox.stream

    @field_validator("hiervox", mode="before")
    @classmethod
    def _of_a_form(cls, value: Any) -> Any:
        """Fields of forms are texts."""
        return parse_json(value) if isinstance(value, str) else value


class SpokenRequest(SoundRequest):
    """What requests for speech have in common."""

    voice: str | VoiceId = ""
    speed: float = Field(1.0, ge=0.25, le=4.0)
    hiervox: SpokenOptions = Field(default_factory=SpokenOptions)

    @property
    def voice_name(self) -> str:
        """The voice's name, or names with weights; empty for the model's own."""
        return self.voice if isinstance(self.voice, str) else self.voice.id

    def controls(self) -> dict[str, Any]:
        """Control → value, of those that were given.

        Raises:
            ConfigError: one is given twice.
        """
        speed = self.speed if "speed" in self.model_fields_set else None
        return self.hiervox.given(speed=speed, language=self.hiervox.language)


class TextStreamRequest(SpokenRequest):
    """The first message of `WS /v1/audio/speech/stream`."""

    response_format: Format = "pcm"


class SpeechRequest(SpokenRequest):
    """`POST /v1/audio/speech`."""

    input: str = Field(min_length=1)
    response_format: Format = "mp3"
    hiervox: SpeechOptions = Field(default_factory=SpeechOptions)

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
    def timestamps(self) -> list[Literal["word", "phoneme"]]:
        """What times are told of.

        Raises:
            ConfigError: there are no events that could hold them.
        """
        if self.hiervox.timestamps and self.stream_format != "sse":
            raise ConfigError("timestamps come in events", "set stream_format to sse")
        return self.hiervox.timestamps


class PromptFields(BaseModel):
    """How prompts are taken.

    Attributes:
        denoise_ratio: share of the voice that the denoised prompt gives.
        replicate: whether a short prompt is repeated.
    """

    denoise_ratio: float = Field(0.0, ge=0, le=1)
    replicate: bool = False


class ConversionRequest(SoundRequest, PromptFields):
    """`POST /v1/audio/conversions`.

    Attributes:
        task: of those that convert recordings; empty for the first that the model serves.
        voice: a name, or names with weights; empty for the model's own.
    """

    task: str = ""
    voice: str = ""
    hiervox: ControlOptions = Field(default_factory=ControlOptions)

    def controls(self) -> dict[str, Any]:
        """As `SpokenRequest.controls`."""
        return self.hiervox.given()


class EnhancementRequest(SoundRequest):
    """`POST /v1/audio/enhancements`.

    Attributes:
        task: of those that clean recordings; empty for the first that the model serves.
    """

    task: str = ""


class UpsampleRequest(SoundRequest):
    """`POST /v1/audio/upsamples`.

    Attributes:
        task: of those that raise rates; empty for the first that the model serves.
        rate: of the result, Hz.
    """

    task: str = ""
    rate: int = Field(48_000, gt=0)


class VoiceRequest(PromptFields):
    """`POST /v1/audio/voices`.

    Attributes:
        name: of the voice.
        model: that it is for; empty for the first that speaks.
        overwrite: replace a voice of this name.
    """

    name: str
    model: str = ""
    overwrite: bool = False


RequestT = TypeVar("RequestT", bound=BaseModel)


def parsed(schema: type[RequestT], body: bytes | Mapping[str, str]) -> RequestT:
    """A request from its JSON, or from the fields of a form.

    Raises:
        ConfigError: it is not JSON, or a field is missing or unusable.
    """
    try:
        if isinstance(body, bytes):
            return schema.model_validate_json(body)
        return schema.model_validate(dict(body))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the body"
        raise ConfigError(f"{place} can't be used", first["msg"]) from error
