"""One protocol a task: what a verb, a metric or another system may ask of a pipeline.

A pipeline class is named by its system's card, opens a folder with `load`, and serves the card's task and the
tasks among its capabilities. Waveforms are mono float32 (T,), full scale at ±1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch
    from typing_extensions import Self

    from hiervox.models.base.config import ExperimentConfig
    from hiervox.processors.audio import Waveform
    from hiervox.processors.spectrogram import SpectrogramConfig
    from hiervox.processors.text.config import TextConfig

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

    @classmethod
    def load(cls, folder: Path, device: str | torch.device = "cpu") -> Self:
        """Open a checkpoint, a run folder or, where the card says so, a bundle.

        Raises:
            CheckpointError: it is missing, broken, or another system's.
        """


@runtime_checkable
class TextToSpeech(Pipeline, Protocol):
    """`tts`; see `hiervox.models.base.pipelines.tts`, which does all but what a system is."""

    def tts(self, text: str, voice: Any = None, controls: Any = None) -> Any:
        """Speak a text."""

    def tts_stream(self, text: str, voice: Any = None, controls: Any = None) -> Iterator[Waveform]:
        """Speak a text in chunks (T_i,)."""

    def tts_batch(self, texts: list[str], voices: Any = None, controls: Any = None) -> list[Any]:
        """Speak several texts."""


@runtime_checkable
class VoiceConversion(Pipeline, Protocol):
    """`vc` and `svc`: the words of a recording in another voice."""

    def vc(self, source: Recording, voice: Any, controls: Any = None) -> Any:
        """Convert a recording; the result has `wav` and `rate`."""


@runtime_checkable
class Vocoder(Pipeline, Protocol):
    """`vocoder`: log-mel to waveform.

    Attributes:
        mel: how the spectrogram that it takes is made; its `sample_rate` is `rate`.
    """

    mel: SpectrogramConfig

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

    def require_mel(self, given: SpectrogramConfig) -> None:
        """Refuse spectrograms that are made in another way than those of training (ConfigError)."""


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


@runtime_checkable
class TextToAudio(Pipeline, Protocol):
    """`tta`: a caption to sound."""

    def tta(self, caption: str, seconds: float | None = None, controls: Any = None) -> Waveform:
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


@dataclass(frozen=True)
class Task:
    """A task.

    Attributes:
        name: as cards call it.
        protocol: what its pipelines implement.
        verb: of the command line.
        summary: what goes in and what comes out.
    """

    name: str
    protocol: Any
    verb: str
    summary: str


TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Task("tts", TextToSpeech, "tts", "text and a voice to speech"),
        Task("tta", TextToAudio, "tta", "caption to sound"),
        Task("vc", VoiceConversion, "vc", "speech and a voice to speech"),
        Task("svc", VoiceConversion, "svc", "singing and a voice to singing"),
        Task("codec", Codec, "codec", "waveform to tokens and back"),
        Task("vocoder", Vocoder, "vocode", "log-mel spectrogram to waveform"),
        Task("sr", SuperResolution, "sr", "waveform to a higher rate"),
        Task("enhancement", Enhancement, "enhance", "noisy to clean waveform"),
        Task("alignment", Aligner, "align", "recordings and their texts to durations"),
    )
}
"""By name. A bundle that is opened for no task in particular is opened for the first of these that it
serves."""
