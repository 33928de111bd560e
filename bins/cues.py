"""The cues of subtitles, spoken into their slots."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import typer

from hiervox.bins.progress import progress
from hiervox.utils.logging import get_logger

if TYPE_CHECKING:
    from hiervox.bins.job import Item
    from hiervox.bins.texts import Text
    from hiervox.models.base.pipelines.controls import SpeechControls
    from hiervox.models.base.pipelines.protocols import TextToSpeech
    from hiervox.models.base.pipelines.token_sequence import TokenSequence
    from hiervox.models.base.pipelines.voice import Voice
    from hiervox.processors.audio import Waveform

MOST_HASTE = 1.6
"""By how much a cue is spoken faster to fit its slot; more is not understood."""
SPEED = "speed"
PATIENCE = 0.01
"""Seconds by which a cue may last too long before it is told."""

_log = get_logger("tts")


def write_cues(
    item: Item[Text],
    read: Sequence[Sequence[TokenSequence]],
    pipeline: TextToSpeech[SpeechControls],
    voice: Voice,
    controls: SpeechControls,
) -> None:
    """Speak cues, each from its time on, and faster where it would last into the next one.

    Args:
        item: whose text has cues.
        read: the sequences of each cue.
        pipeline, voice, controls: to speak with.
    """
    import numpy as np

    cues = item.input.cues
    notes: list[dict[str, object]] = []

    def spoken(number: int) -> Waveform:
        cue = cues[number]
        slot = (cues[number + 1].start if number + 1 < len(cues) else cue.end) - cue.start
        wav, factor = _said(read[number], pipeline, voice, controls), 1.0
        if wav.size > slot * pipeline.rate and SPEED in type(controls).model_fields:
            factor = min(wav.size / pipeline.rate / slot, MOST_HASTE)
            speed = getattr(controls, SPEED) * factor
            wav = _said(read[number], pipeline, voice, controls.model_copy(update={SPEED: speed}))
        seconds = wav.size / pipeline.rate
        told = {"text": cue.text, "start": cue.start, "seconds": round(seconds, 3)}
        notes.append({**told, "faster": round(factor, 2)})
        if seconds > slot + PATIENCE:
            late = seconds - slot
            _log.warning("cue %d lasts %.1f s longer than its slot of %.1f s", number + 1, late, slot)
        return wav

    def sounds() -> Iterator[Waveform]:
        samples = 0
        for number in progress(range(len(cues)), f"cues of {item.target.name}", len(cues)):
            begin = round(cues[number].start * pipeline.rate)
            if begin > samples:
                yield np.zeros(begin - samples, np.float32)
                samples = begin
            wav = spoken(number)
            samples += wav.size
            yield wav
        end = round(cues[-1].end * pipeline.rate)
        if end > samples:
            yield np.zeros(end - samples, np.float32)

    item.write_chunks(
        pipeline.at_rate(sounds(), controls.rate),
        pipeline.output_rate(controls),
        controls.scaling,
        voice.peak,
        noted=lambda: {"language": pipeline.language(controls.language), "cues": notes},
    )
    late = sum(note["faster"] != 1.0 for note in notes)
    if late:
        typer.echo(f"{late} of {len(cues)} cues are spoken faster to fit", err=True)


def _said(
    sequences: Sequence[TokenSequence],
    pipeline: TextToSpeech[SpeechControls],
    voice: Voice,
    controls: SpeechControls,
) -> Waveform:
    import numpy as np

    return np.concatenate([sentence.wav for sentence in pipeline.tts_sentences(sequences, voice, controls)])
