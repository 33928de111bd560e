"""A text to a sound file of any length, with its record, its pitch curve and its pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hiervox.bins.outputs import Pictured, write_pieces

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hiervox.models.tts.hierspeechpp.controls import SpeechControls
    from hiervox.models.tts.hierspeechpp.narration import Sentence
    from hiervox.models.tts.hierspeechpp.pipeline import HierSpeechPipeline
    from hiervox.models.tts.hierspeechpp.voice import Voice
    from hiervox.processors.audio import Waveform
    from hiervox.processors.pitch import Track


def write_text(
    target: Path,
    text: str,
    pipeline: HierSpeechPipeline,
    voice: Voice,
    controls: SpeechControls,
    made_of: Mapping[str, object],
    curve: Track | None,
    f0_out: Path | None,
    plots: bool,
) -> None:
    """Speak a text into a file sentence by sentence; only what is noted of it stays in memory."""
    from hiervox.models.tts.hierspeechpp.speech import gain

    told: list[dict[str, object]] = []
    f0: list[Track] = []
    mels: list[NDArray[np.float32]] = []
    alignments: list[NDArray[np.float32]] = []

    def sounds() -> Iterator[Waveform]:
        for sentence in pipeline.tts_sentences(text, voice, controls, curve):
            told.append(_told(sentence))
            f0.append(sentence.f0)
            if plots:
                mels.append(pipeline.mel(sentence.sound))
                alignments.append(sentence.spoken.alignment)
            yield sentence.sound

    def record() -> dict[str, object]:
        phonemes = " ".join(str(sentence["phonemes"]) for sentence in told)
        return {
            "text": text,
            "phonemes": phonemes,
            **made_of,
            **controls.model_dump(mode="json"),
            "language": pipeline.networks.frontend(controls.language).language,
            "sentences": told,
        }

    write_pieces(
        target,
        pipeline.at_rate(sounds(), controls.rate),
        controls.rate,
        lambda peak: gain(controls.scaling, peak, voice.peak),
        record,
        (f0_out, lambda: joined(f0)) if f0_out else None,
        (lambda: Pictured(joined(mels), joined(f0), alignments[0] if len(told) == 1 else None))
        if plots
        else None,
    )


def joined(parts: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Arrays one behind the other in time, their last axis."""
    import numpy as np

    return np.concatenate(parts, axis=-1)


def _told(sentence: Sentence) -> dict[str, object]:
    """What is noted of a sentence."""
    spoken = sentence.spoken
    return {
        "text": spoken.utterance.text,
        "phonemes": spoken.phonemes,
        "seconds": round(len(sentence.sound) / 16000, 3),
        "attempts": spoken.attempts,
        "problems": list(spoken.problems),
    }
