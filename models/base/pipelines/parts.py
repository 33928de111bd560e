"""The parts that a system builds and `SpeechPipeline` speaks with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

from hiervox.models.base.pipelines.controls import SpeechControls
from hiervox.models.base.pipelines.speech import Synthesis
from hiervox.models.base.pipelines.token_sequence import TokenSequence
from hiervox.models.base.pipelines.voice import Voice
from hiervox.processors.audio import Waveform
from hiervox.processors.pitch import F0Contour, PitchConfig
from hiervox.processors.spectrogram import SpectrogramConfig
from hiervox.utils.errors import ConfigError

if TYPE_CHECKING:
    from torch import Tensor

ControlsT = TypeVar("ControlsT", bound=SpeechControls)
ControlsT_contra = TypeVar("ControlsT_contra", bound=SpeechControls, contravariant=True)
Item = tuple[TokenSequence, Voice]


class Reader(Protocol):
    """A text to token sequences; ready one: `TextReader`."""

    def read(self, text: str, language: str | None = None) -> list[TokenSequence]:
        """Read a text of any length, plain or SSML.

        Raises:
            TextError: something in the text can't be spoken.
            ConfigError: the model does not declare the language.
        """

    def language(self, language: str | None = None) -> str:
        """The language that is read where `language` is asked for; the model's first one for None."""


class AcousticModel(Protocol[ControlsT_contra]):
    """Token sequences in voices to features."""

    @property
    def reader(self) -> Reader:
        """Of the texts that it speaks.

        Raises:
            CheckpointError: the model reads no text.
        """

    @property
    def mel_config(self) -> SpectrogramConfig:
        """Of the spectrograms that are drawn and returned, and of the features where these are log-mels."""

    def acoustic(
        self, items: Sequence[Item], controls: ControlsT_contra, attempt: int = 0
    ) -> list[Synthesis]:
        """Token sequences with their voices to features, as one batch.

        Args:
            items: one or more.
            controls: for all of them.
            attempt: 0, or 1 for the second, where a system may be more careful.

        Returns:
            For each, a `Synthesis` with `features`, `durations` and `f0` where the system has them, and the
            noise that `noise_for` gave it.
        """


class Synthesizer(AcousticModel[ControlsT_contra], Protocol[ControlsT_contra]):
    """Token sequences in voices to features, features to samples; ready one: `MelSynthesizer`."""

    @property
    def rate(self) -> int:
        """Of the waveforms, Hz."""

    @property
    def largest_batch(self) -> int | None:
        """Most items of a batch that equal themselves alone; None where any number does."""

    def prepare(self, controls: ControlsT_contra) -> None:
        """Refuse controls that can't be followed, before anything is computed.

        Raises:
            ConfigError: such controls.
        """

    def decode(
        self, batch: Sequence[Synthesis], voices: Sequence[Voice], controls: ControlsT_contra
    ) -> list[Waveform]:
        """Features to waveforms (T_i,) at `rate`, as one batch."""

    def decode_stream(
        self, synthesis: Synthesis, voice: Voice, controls: ControlsT_contra
    ) -> Iterator[Waveform]:
        """`decode` of one in chunks, as soon as each is there."""


class Voices(Protocol):
    """What a voice is to a system; ready ones: `OneVoice`, and those of the task's folder."""

    @property
    def fingerprint(self) -> str:
        """What saved voices are bound to: the same for weights that give the same voices."""

    @property
    def speakers(self) -> Sequence[str]:
        """Names of the speakers that the networks know; none where voices come from prompts alone."""

    @property
    def pitch(self) -> PitchConfig:
        """How the pitch of prompts is tracked."""

    @property
    def prompts_have_text(self) -> bool:
        """Whether a prompt is read with its text, so that it can be neither repeated nor mixed."""

    def speaker(self, name: str) -> dict[str, Tensor]:
        """The voice of one of `speakers`, as `Voice.tensors`."""

    def encode(self, recording: Waveform, name: str, for_text: bool = True) -> dict[str, Tensor]:
        """The voice of a prompt (T,) at 16 kHz, as `Voice.tensors`.

        Args:
            recording: checked, 0.5 to 30 s.
            name: of its file, or what messages call it.
            for_text: whether the voice will read texts; what only that needs may be left out otherwise.

        Raises:
            ConfigError: the system takes no prompts.
        """

    def check(self, voice: Voice, name: str) -> None:
        """Refuse tensors of a saved voice that the networks can't take.

        Raises:
            CheckpointError: such tensors.
        """


@runtime_checkable
class FullBandVoices(Voices, Protocol):
    """Voices of prompts that are read with their text, at another rate than 16 kHz."""

    @property
    def prompt_rate(self) -> int:
        """Hz of the recordings that `encode` takes."""


@dataclass(frozen=True)
class Source:
    """A recording that is converted.

    Attributes:
        wav: (T,) as it was read.
        rate: of `wav`, Hz.
        speech: (T',) at 16 kHz, checked.
    """

    wav: Waveform
    rate: int
    speech: Waveform


class Converter(Protocol[ControlsT_contra]):
    """A recording in another voice."""

    def convert(
        self, source: Source, voice: Voice, controls: ControlsT_contra, f0: F0Contour | None = None
    ) -> tuple[F0Contour | None, Iterator[Waveform]]:
        """What a recording says, as it says it, in a voice.

        Args:
            source: of any length.
            voice: whom to speak like.
            controls: those of text are not used.
            f0: (T,) in Hz at 200 Hz, what the pitch is to be, stretched to the length of the speech.

        Returns:
            F0 of the whole at 200 Hz, None where the system has none, and waveforms (T_i,) at the
            synthesizer's rate, unscaled, whose concatenation is the whole.

        Raises:
            ConfigError: a curve that the system does not understand, or a source whose speaker is not known.
        """


class CopySynthesizer(Protocol[ControlsT_contra]):
    """A recording through an autoencoder."""

    def f0(self, recording: Waveform, voice: Voice, controls: ControlsT_contra) -> F0Contour:
        """F0 in Hz at 200 Hz, 0 where unvoiced, of a recording (T,) at 16 kHz in its own voice."""

    def reconstruct(
        self, recording: Waveform, voice: Voice, controls: ControlsT_contra
    ) -> Iterator[Waveform]:
        """Waveforms (T_i,) at the synthesizer's rate, unscaled, whose concatenation is the recording."""


class OneVoice:
    """Voices of a system that has one and remembers nothing of it.

    Args:
        fingerprint: see `Voices.fingerprint`.
    """

    speakers: Sequence[str] = ("only",)
    pitch = PitchConfig()
    prompts_have_text = False

    def __init__(self, fingerprint: str) -> None:
        self.fingerprint = fingerprint

    def speaker(self, name: str) -> dict[str, Tensor]:
        """Nothing is to be remembered."""
        return {}

    def encode(self, recording: Waveform, name: str, for_text: bool = True) -> dict[str, Tensor]:
        """Is refused.

        Raises:
            ConfigError: always.
        """
        raise no_prompts(self.speakers)

    def check(self, voice: Voice, name: str) -> None:
        """Any voice fits."""


def no_speaker(name: str) -> ConfigError:
    """What is raised where a system knows no speakers by name."""
    return ConfigError(f"the model has no speaker {name!r}", "give a recording of the voice")


def no_prompts(speakers: Sequence[str]) -> ConfigError:
    """What is raised where a system takes no prompts."""
    known = ", ".join(speakers) or "one"
    return ConfigError("the model takes no recordings as prompts", f"name a voice of its own ({known})")
