"""The trace of speaking and of converting, whatever the system (`SpeechPipeline.trace`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, runtime_checkable

import numpy as np

from hiervox.models.base.pipelines.mel_synthesizer import MelSynthesizer
from hiervox.models.base.pipelines.output_rates import OutputRates
from hiervox.models.base.pipelines.parts import Converter, Source, Synthesizer
from hiervox.models.base.pipelines.pitch_curve import F0_HOP_SECONDS
from hiervox.models.base.pipelines.prompt import prepare_recording
from hiervox.models.base.pipelines.speech import Synthesis, concatenated
from hiervox.models.base.pipelines.token_sequence import TokenSequence
from hiervox.models.base.pipelines.trace import Sound, Stage, Subject, mel_stage, sampling_stages
from hiervox.models.base.pipelines.voice import Voice
from hiervox.processors.audio import resample
from hiervox.processors.pitch import F0Contour


@runtime_checkable
class StagedSynthesizer(Protocol):
    """A synthesizer with something to show between the text and the sound."""

    def stages(self, synthesis: Synthesis, voice: Voice, controls: Any) -> Iterator[Stage]:
        """What its decoder computes of what `acoustic` gave."""


@runtime_checkable
class StagedConverter(Protocol):
    """A converter with something to show between the recording and the sound."""

    def stages(self, source: Source, voice: Voice, controls: Any) -> Iterator[Stage]:
        """What it computes of a recording of up to 30 s."""


def text_stages(
    synthesizer: Synthesizer[Any],
    sequence: TokenSequence,
    voice: Voice,
    subject: Subject,
    rates: OutputRates,
) -> Iterator[Stage]:
    """A sentence: phonemes, durations, F0, what the system has, every step of a sampler, sound, bands.

    What is made is neither checked nor repeated, so that it is the sound of these stages.
    """
    controls, item = subject.controls, (sequence, voice)

    def make() -> Sound:
        (synthesis,) = synthesizer.acoustic([item], controls)
        return synthesizer.decode([synthesis], [voice], controls)[0], synthesizer.rate

    yield Stage("phonemes", "text", note=sequence.phonemes)
    (made,) = synthesizer.acoustic([item], controls)
    if made.alignment is not None:
        frames, tokens = made.alignment.shape
        symbols = made.sequence.symbols
        yield Stage(
            "alignment",
            "alignment",
            made.alignment,
            frames / made.frame_rate,
            symbols=symbols if len(symbols) == tokens else (),
            note="Which token each frame belongs to: the durations of the tokens.",
        )
    if made.f0 is not None:
        yield f0_stage(made.f0)
    if isinstance(synthesizer, MelSynthesizer) and isinstance(made.features, np.ndarray):
        yield mel_stage("predicted mel spectrogram", made.features, synthesizer.mel_config)
    if isinstance(synthesizer, StagedSynthesizer):
        yield from synthesizer.stages(made, voice, controls)
    for stage in sampling_stages(make, subject.most_steps):
        yield stage
    yield from band_stages(rates, stage)


def band_stages(rates: OutputRates, result: Stage) -> Iterator[Stage]:
    """A result at each rate that the model brings it to, all of them shown up to the highest frequency."""
    if not rates.others or result.sound is None:
        return
    wav, rate = result.sound
    highest = rates.others[-1]
    for other in [rate, *rates.others]:
        wide = concatenated(list(rates.converted([wav], other)))
        yield Stage(
            f"{other} Hz",
            "sound",
            sound=(resample(wide, other, highest), highest),
            series="super-resolution",
            note="The bands that super-resolution adds.",
        )


def recording_stages(
    converter: Converter[Any], voice: Voice, subject: Subject, rates: OutputRates
) -> Iterator[Stage]:
    """A recording on its way into another voice: itself, F0, what the system has, every step, the sound."""
    recording = wav, own_rate = subject.require_recording()
    source = Source(wav, own_rate, prepare_recording(wav, own_rate, "the recording"))
    curves: list[F0Contour | None] = []

    def make() -> Sound:
        f0, chunks = converter.convert(source, voice, subject.controls)
        curves[:] = [f0]
        return concatenated(list(chunks)), rates.rate

    yield Stage("source", "sound", sound=recording)
    *stages, result = sampling_stages(make, subject.most_steps)
    if curves[0] is not None:
        yield f0_stage(curves[0])
    if isinstance(converter, StagedConverter):
        yield from converter.stages(source, voice, subject.controls)
    yield from stages
    yield result
    yield from band_stages(rates, result)


def f0_stage(f0: F0Contour, name: str = "F0") -> Stage:
    """F0 (T,) in Hz at 200 Hz."""
    return Stage(name, "curve", f0, f0.size * F0_HOP_SECONDS)
