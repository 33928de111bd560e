"""One protocol a task: what a verb, a metric or another system may ask of a pipeline.

What a card names as its system's pipeline opens a folder; what comes back serves the card's task and the
tasks among its capabilities. A protocol lists what verbs, metrics, recipes and other systems call, and
nothing else. Waveforms are mono float32 (T,), full scale at ±1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from hiervox.models.base.config import ExperimentConfig
    from hiervox.models.base.pipelines.controls import Controls
    from hiervox.models.base.pipelines.speech import Speech, Synthesis
    from hiervox.models.base.pipelines.token_sequence import TokenSequence
    from hiervox.models.base.pipelines.trace import Stage, Subject
    from hiervox.models.base.pipelines.voice import Voice
    from hiervox.processors.audio import Waveform
    from hiervox.processors.pitch import F0Contour, PitchConfig
    from hiervox.processors.spectrogram import SpectrogramConfig
    from hiervox.processors.text.config import TextConfig

ControlsT_contra = TypeVar("ControlsT_contra", bound="Controls", contravariant=True)

Mel = NDArray[np.float32]
"""(M, N), log-mel as the vocoder's `mel` config says."""
Codes = NDArray[np.int64]
"""(Q, N): Q codebooks, the coarsest first, N frames."""
Recording = str | Path | tuple["Waveform", int]
"""A sound file, or a waveform (T,) with its rate in Hz."""


class Pipeline(Protocol):
    """What pipelines of all tasks have.

    Attributes:
        rate: of the waveforms that its networks make, Hz.
    """

    rate: int


@runtime_checkable
class Traced(Pipeline, Protocol):
    """What pipelines have that show what they compute on the way."""

    def trace(self, subject: Subject) -> Iterator[Stage]:
        """The stages between what goes in and the sound."""


class OutputRates(Pipeline, Protocol[ControlsT_contra]):
    """What pipelines have whose waveforms can be brought to other rates."""

    def output_rate(self, controls: ControlsT_contra) -> int:
        """Hz of what is made with these controls."""

    def at_rate(self, chunks: Iterable[Waveform], rate: int | None) -> Iterator[Waveform]:
        """Bring a waveform (T_i,) at `self.rate` to another one while it comes; None for `self.rate`.

        Raises:
            CheckpointError: the model lacks a network for it.
        """


class Voiced(OutputRates[ControlsT_contra], Protocol[ControlsT_contra]):
    """What pipelines have that make speech in a voice."""

    @property
    def mel_config(self) -> SpectrogramConfig:
        """Of the spectrograms that are drawn."""

    def mel(self, wav: Waveform) -> Mel:
        """Log-mel (M, N) of a waveform (T,) at `rate`."""

    def require(self, *, rate: int | None = None, denoiser: bool = False) -> None:
        """Make sure that the model can do what is asked, before anything is computed.

        Raises:
            CheckpointError: it lacks a network.
        """

    @property
    def own_voice_name(self) -> str:
        """The name of the voice that is spoken in where none is named; empty where there is none."""

    @property
    def speakers(self) -> Sequence[str]:
        """Names of the speakers that the networks know; none where voices come from prompts alone."""

    def own_voice(self) -> Voice | Path:
        """That voice, or its recording.

        Raises:
            ConfigError: there is none.
        """

    def named_voice(self, name: str) -> Voice | Path:
        """A voice by name, or its recording.

        Raises:
            ConfigError: there is none of this name, or another model made it.
        """

    def voice(
        self,
        prompt: Recording | Voice | None = None,
        *,
        denoise_ratio: float = 0.0,
        replicate: bool = False,
        for_text: bool = True,
    ) -> Voice:
        """A voice, to speak with more than once; see `SpeechPipeline.voice`."""


@runtime_checkable
class TextToSpeech(Voiced[ControlsT_contra], Protocol[ControlsT_contra]):
    """`tts`; `hiervox.models.base.pipelines.speech_pipeline` does all but what a system is."""

    @property
    def pitch(self) -> PitchConfig:
        """How the pitch of prompts is tracked, for the report of `hiervox voice add`."""

    def read(self, text: str, language: str | None = None) -> list[TokenSequence]:
        """Read a text once, to give it to the methods below.

        Raises:
            TextError: something in the text can't be spoken.
            ConfigError: the model does not declare the language.
        """

    def language(self, language: str | None = None) -> str:
        """The language that a text is read in where `language` is asked for; None for no wish."""

    def tts(
        self,
        text: str | Sequence[TokenSequence],
        voice: Recording | Voice | None = None,
        controls: ControlsT_contra | None = None,
    ) -> Speech:
        """Speak a text."""

    def tts_batch(
        self,
        texts: Sequence[str | Sequence[TokenSequence]],
        voices: Recording | Voice | list[Any] | None = None,
        controls: ControlsT_contra | None = None,
    ) -> list[Speech]:
        """Speak several texts, in one voice or in one each."""

    def tts_sentences(
        self,
        text: str | Sequence[TokenSequence],
        voice: Recording | Voice | None = None,
        controls: ControlsT_contra | None = None,
        f0: F0Contour | None = None,
    ) -> Iterator[Synthesis]:
        """Speak a text sentence by sentence, at `rate` and unscaled, each with the pause behind it."""

    def tts_stream(
        self,
        text: str | Sequence[TokenSequence],
        voice: Recording | Voice | None = None,
        controls: ControlsT_contra | None = None,
        noted: Callable[[Synthesis], None] | None = None,
    ) -> Iterator[Waveform]:
        """Speak a text in chunks (T_i,) at the controls' rate, unscaled; `noted` is told each sentence."""


@runtime_checkable
class BatchedSpeech(TextToSpeech[ControlsT_contra], Protocol[ControlsT_contra]):
    """Text to speech whose sentences can share passes of the networks with those of other texts.

    Attributes:
        batch_size: most sequences to one pass, where the system can take as many.
    """

    batch_size: int

    @property
    def largest_batch(self) -> int:
        """Most sequences to one pass: 1 where none share one."""

    def items(self, sequences: Sequence[TokenSequence], target: Voice) -> list[tuple[TokenSequence, Voice]]:
        """Each sequence with its voice: the one that its text names, or the target.

        Raises:
            ConfigError: there is no such voice.
        """

    def synthesize(
        self, items: Sequence[tuple[TokenSequence, Voice]], controls: ControlsT_contra
    ) -> list[Synthesis]:
        """Sequences to sound, those of like lengths together; each as it is made alone, within 1e-4."""

    def tts_sentences(
        self,
        text: str | Sequence[TokenSequence],
        voice: Recording | Voice | None = None,
        controls: ControlsT_contra | None = None,
        f0: F0Contour | None = None,
        made: Callable[[tuple[TokenSequence, Voice]], Synthesis | None] | None = None,
    ) -> Iterator[Synthesis]:
        """As `TextToSpeech.tts_sentences`; `made` is asked for each sentence before it is made."""

    def tts_stream(
        self,
        text: str | Sequence[TokenSequence],
        voice: Recording | Voice | None = None,
        controls: ControlsT_contra | None = None,
        noted: Callable[[Synthesis], None] | None = None,
        made: Callable[[tuple[TokenSequence, Voice]], Synthesis | None] | None = None,
    ) -> Iterator[Waveform]:
        """As `TextToSpeech.tts_stream`; `made` is asked for each sentence before it is made."""


@runtime_checkable
class VoiceConversion(Voiced[ControlsT_contra], Protocol[ControlsT_contra]):
    """`vc` and `svc`: the words of a recording in another voice."""

    def vc(
        self,
        source: Recording,
        voice: Recording | Voice | None = None,
        controls: ControlsT_contra | None = None,
    ) -> Speech:
        """Convert a recording."""

    def vc_stream(
        self,
        source: Recording,
        voice: Recording | Voice | None = None,
        controls: ControlsT_contra | None = None,
        f0: F0Contour | None = None,
    ) -> tuple[F0Contour | None, Iterator[Waveform]]:
        """F0 of the whole, None where there is none, and chunks (T_i,) at `rate`, unscaled."""


@runtime_checkable
class PitchTracking(Pipeline, Protocol[ControlsT_contra]):
    """The capability `f0`: the pitch of a recording as a model sees it."""

    def f0(self, recording: Recording, controls: ControlsT_contra | None = None) -> F0Contour:
        """(T,) in Hz at 200 Hz, 0 where unvoiced."""


@runtime_checkable
class CopySynthesis(OutputRates[ControlsT_contra], Protocol[ControlsT_contra]):
    """The capability `resynthesis`: a recording encoded and decoded again."""

    def resynthesize_stream(
        self, recording: Recording, controls: ControlsT_contra | None = None
    ) -> tuple[float, Iterator[Waveform]]:
        """The recording's peak, and chunks (T_i,) at `rate`, unscaled."""


@runtime_checkable
class Vocoder(Pipeline, Protocol):
    """`vocoder`: log-mel to waveform."""

    def mel_of(self, wav: Waveform, rate: int) -> Mel:
        """The spectrogram (M, N) of a waveform (T,) of `rate` Hz, as the vocoder takes it."""

    def vocode(self, mel: Mel, f0: NDArray[np.float32] | None = None) -> Waveform:
        """(M, N), and for some its F0 (N,) in Hz → (N * hop,) at `rate`."""

    def stream(
        self, mel: Mel, f0: NDArray[np.float32] | None = None, frames: int = ...
    ) -> Iterator[Waveform]:
        """`vocode` in chunks of so many frames, where the vocoder can."""

    def resynthesize(self, wav: Waveform, rate: int) -> Waveform:
        """A waveform (T,) of `rate` Hz by way of its spectrogram, at the vocoder's rate."""

    def resynthesize_stream(self, recording: Recording) -> Iterator[Waveform]:
        """The same of a recording of any length, in chunks (T_i,)."""

    def require_mel(self, given: SpectrogramConfig) -> None:
        """Refuse spectrograms that are made in another way than those of training (ConfigError)."""


@runtime_checkable
class ControlledVocoder(Vocoder, Protocol[ControlsT_contra]):
    """A vocoder whose card names controls: the methods of `hiervox vocode` take them."""

    def stream(
        self,
        mel: Mel,
        f0: NDArray[np.float32] | None = None,
        frames: int = ...,
        controls: ControlsT_contra | None = None,
    ) -> Iterator[Waveform]:
        """As `Vocoder.stream`."""

    def resynthesize_stream(
        self, recording: Recording, controls: ControlsT_contra | None = None
    ) -> Iterator[Waveform]:
        """As `Vocoder.resynthesize_stream`."""


@runtime_checkable
class Codec(Pipeline, Protocol):
    """`codec`: waveform to tokens and back.

    Attributes:
        frame_rate: frames of tokens a second.
        codebooks: of all bandwidths together.
        codebook_size: values of a token.
    """

    frame_rate: float
    codebooks: int
    codebook_size: int

    def encode(self, wav: Waveform, rate: int, codebooks: int | None = None) -> Codes:
        """(T,) at `rate` Hz → (Q, N); the first `codebooks`, all where None."""

    def decode(self, codes: Codes) -> Waveform:
        """(Q, N) → (T,) at `rate`; Q may be fewer than `codebooks`."""


@runtime_checkable
class ScaledCodec(Codec, Protocol):
    """A codec whose tokens come in segments, each with the level that it was divided by."""

    def encode_scaled(self, wav: Waveform, rate: int, codebooks: int | None = None) -> tuple[Codes, Waveform]:
        """(T,) at `rate` Hz → the codes of all segments one after the other (Q, N), and scales (S,)."""

    def decode_scaled(self, codes: Codes, scales: Waveform) -> Waveform:
        """These → (T,) at `rate`."""


@runtime_checkable
class VoicedCodec(Codec, Protocol):
    """A codec whose tokens tell attributes of speech and leave its voice out, which is a vector.

    Attributes:
        attributes: codebooks of each attribute by name, in the order of the codes.
    """

    attributes: Mapping[str, int]

    def encode_voiced(self, wav: Waveform, rate: int, codebooks: int | None = None) -> tuple[Codes, Waveform]:
        """(T,) at `rate` Hz → the codes (Q, N), and the timbre (D,)."""

    def decode_voiced(
        self, codes: Codes, timbre: Waveform, attributes: Sequence[str] | None = None
    ) -> Waveform:
        """These → (T,) at `rate`; of the attributes that are named alone, all where None."""


@runtime_checkable
class VectorCodec(Codec, Protocol):
    """A codec whose tokens are entries of codebooks."""

    def entries(self, codebook: int) -> NDArray[np.float32]:
        """The vectors (codebook_size, D) of a codebook."""


class WaveformStream(Protocol):
    """A waveform that changes while it comes."""

    def push(self, wav: Waveform) -> Waveform:
        """Take a chunk (T,) at the input rate; give what is sure by now (T',), perhaps nothing."""

    def finish(self) -> Waveform:
        """The rest."""


@runtime_checkable
class SuperResolution(Pipeline, Protocol):
    """`sr`: a higher sampling rate.

    Attributes:
        input_rate: of what its network takes, Hz; `upsample` resamples to it.
    """

    input_rate: int

    @classmethod
    def output_rate(cls, experiment: ExperimentConfig) -> int:
        """Hz that a checkpoint speaks at, from its config alone."""

    def upsample(self, wav: Waveform, rate: int) -> tuple[Waveform, int]:
        """Bring a waveform (T,) of `rate` Hz to `self.rate`; returns it with that rate."""

    def stream(self) -> WaveformStream:
        """The same for a waveform at `input_rate` that comes in chunks."""


@runtime_checkable
class Enhancement(Pipeline, Protocol):
    """`enhancement`: noise and other damage taken out."""

    def enhance(self, wav: Waveform, rate: int) -> tuple[Waveform, int]:
        """Clean a waveform (T,) of `rate` Hz; returns it with `self.rate`."""

    def enhance_stream(self, recording: Recording) -> Iterator[Waveform]:
        """The same of a recording of any length, in chunks (T_i,) at `self.rate`."""


@runtime_checkable
class TextToAudio(Pipeline, Protocol[ControlsT_contra]):
    """`tta`: a caption to sound."""

    def tta(
        self, caption: str, seconds: float | None = None, controls: ControlsT_contra | None = None
    ) -> Waveform:
        """(T,) at `rate`; as long as the system chooses where `seconds` is None."""


@runtime_checkable
class Aligner(Pipeline, Protocol):
    """`alignment`: when each token of a text is said.

    Attributes:
        text: languages and symbols of the tokens.
    """

    text: TextConfig

    def align(self, wav: Waveform, rate: int, tokens: Sequence[int]) -> list[tuple[float, float]]:
        """Begin and end in seconds of each token in a waveform (T,) of `rate` Hz."""
