"""A text to a sound file of any length, with its record, its pitch curve and its pictures."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hiervox.bins.outputs import Pictured
from hiervox.bins.progress import patiently, progress
from hiervox.bins.voices import JobVoices, VoiceOptions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hiervox.bins.job import Item
    from hiervox.bins.texts import Text
    from hiervox.models.base.pipelines.controls import SpeechControls
    from hiervox.models.base.pipelines.protocols import TextToSpeech
    from hiervox.models.base.pipelines.speech import Synthesis
    from hiervox.models.base.pipelines.subtitles import SentenceTimes
    from hiervox.models.base.pipelines.token_sequence import TokenSequence
    from hiervox.models.base.pipelines.voice import Voice
    from hiervox.processors.audio import Waveform
    from hiervox.processors.pitch import F0Contour


@dataclass(frozen=True)
class Extras:
    """What is asked for beside the sound.

    Attributes:
        f0_in: (T,) in Hz at 200 Hz, the pitch of a text of one sentence.
        f0_out: where the pitch goes.
        plots: whether pictures are drawn.
        subtitles: where those go; None for nowhere.
    """

    f0_in: F0Contour | None = None
    f0_out: Path | None = None
    plots: bool = False
    subtitles: Path | None = None


@dataclass(frozen=True)
class Speaking:
    """Texts to speak, each into its file; a block is one text, by its number in the list.

    Attributes:
        items: the texts, which have been read once and can be spoken.
        like: whom to speak like, where a text does not say it.
        model: a folder, or a URL, which each machine fetches for itself.
        precision: of its networks.
        controls, extras: of all texts.
    """

    items: Sequence[Item[Text]]
    like: VoiceOptions
    model: str
    precision: str
    controls: SpeechControls
    extras: Extras

    def open(self, device: str) -> Callable[[int], None]:
        """See `BlockWork`."""
        from hiervox.models.base.pipelines.loading import load

        pipeline = load(self.model, "tts", device, precision=self.precision)
        voices = JobVoices(self.like, ((item.input.place, item.input.like) for item in self.items))

        def speak(number: int) -> None:
            item = self.items[number]
            sequences = pipeline.read(item.input.text, self.controls.language)
            voice = voices.voice(pipeline, item.input.like)
            write_text(item, sequences, pipeline, voice, self.controls, self.extras)

        return speak


def write_text(
    item: Item[Text],
    sequences: Sequence[TokenSequence],
    pipeline: TextToSpeech[SpeechControls],
    voice: Voice,
    controls: SpeechControls,
    extras: Extras,
) -> None:
    """Speak a text into a file sentence by sentence; only what is noted of it stays in memory."""
    from hiervox.models.base.pipelines.speech import concatenated

    notes: list[dict[str, object]] = []
    f0: list[F0Contour] = []
    mels: list[NDArray[np.float32]] = []
    last: list[Synthesis] = []
    times: list[SentenceTimes] = []
    started = time.monotonic()

    def sounds() -> Iterator[Waveform]:
        samples = 0
        sentences = pipeline.tts_sentences(sequences, voice, controls, extras.f0_in)
        if len(sequences) == 1:  # it is checked as a whole before any of it is written
            sentences = patiently(sentences, f"the one sentence of {item.target.name}")
        for sentence in progress(sentences, f"sentences of {item.target.name}", len(sequences)):
            notes.append(_noted(sentence, pipeline.rate))
            if sentence.f0 is not None:
                f0.append(sentence.f0)
            if extras.plots:
                mels.append(pipeline.mel(sentence.wav))
                last[:] = [sentence]
            if extras.subtitles is not None:
                times.append(_times(sentence, pipeline, controls, samples / pipeline.rate))
            samples += sentence.wav.size
            yield sentence.wav

    def record() -> dict[str, object]:
        phonemes = " ".join(str(note["phonemes"]) for note in notes)
        language = pipeline.language(controls.language)
        spent = round(time.monotonic() - started, 3)  # what `hiervox evaluate --metrics rtf` reads
        return {"language": language, "phonemes": phonemes, "sentences": notes, "synthesis_seconds": spent}

    def pictured() -> Pictured:
        alone = last[0] if len(notes) == 1 else None
        return Pictured(
            concatenated(mels),
            pipeline.mel_config,
            concatenated(f0) if f0 else None,
            None if alone is None else alone.alignment,
            last[0].frame_rate,
            last[0].sequence.symbols,
        )

    def subtitle(path: Path) -> None:
        from hiervox.models.base.pipelines.subtitles import subtitles
        from hiervox.processors.text.markup import is_markup
        from hiervox.utils.files import write_text

        source = item.input.text
        write_text(path, subtitles(path.suffix.lower(), times, source, is_markup(source)))

    item.write_chunks(
        pipeline.at_rate(sounds(), controls.rate),
        pipeline.output_rate(controls),
        controls.scaling,
        voice.peak,
        noted=record,
        f0_out=(extras.f0_out, lambda: concatenated(f0)) if extras.f0_out else None,
        pictures=pictured if extras.plots else None,
        beside=(extras.subtitles, subtitle) if extras.subtitles is not None else None,
    )


def _times(
    sentence: Synthesis, pipeline: TextToSpeech[SpeechControls], controls: SpeechControls, begin: float
) -> SentenceTimes:
    from hiervox.models.base.pipelines.subtitles import times_of
    from hiervox.models.base.pipelines.timestamps import pronouncing

    return times_of(sentence, pipeline.rate, begin, pronouncing(pipeline.read, controls.language))


def _noted(sentence: Synthesis, rate: int) -> dict[str, object]:
    """What is noted of a sentence."""
    return {
        "text": sentence.sequence.text,
        "phonemes": sentence.sequence.phonemes,
        "seconds": round(len(sentence.wav) / rate, 3),
        "attempts": sentence.attempts,
        "problems": list(sentence.problems),
        **({"voice": sentence.sequence.voice} if sentence.sequence.voice else {}),
    }
