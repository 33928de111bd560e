"""The trace of speaking and of converting, whatever the system (`SpeechPipeline.trace`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, runtime_checkable

from hiervox.models.base.pipelines.mel_synthesizer import MelSynthesizer
from hiervox.models.base.pipelines.parts import Converter, Source, Synthesizer
from hiervox.models.base.pipelines.pitch_curve import F0_HOP_SECONDS
from hiervox.models.base.pipelines.prompt import prepare_recording
from hiervox.models.base.pipelines.speech import Synthesis, concatenated
from hiervox.models.base.pipelines.token_sequence import TokenSequence
from hiervox.models.base.pipelines.trace import Sound, Stage, Subject, mel_stage, sampling_stages
from hiervox.models.base.pipelines.voice import Voice
from hiervox.processors.pitch import F0Contour


@runtime_checkable
class StagedSynthesizer(Protocol):
    """A synthesizer with something to show between the text and the sound."""

    def stages(self, synthesis: Synthesis, voice: Voice, controls: Any) -> Iterator[Stage]:
        """What its decoder computes of what `acoustic` gave."""


def text_stages(
    synthesizer: Synthesizer[Any], sequence: TokenSequence, voice: Voice, subject: Subject
) -> Iterator[Stage]:
    """A sentence: its phonemes, their durations, F0, what the system has, every step of a sampler, the sound.

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
    if isinstance(synthesizer, MelSynthesizer):
        yield mel_stage("predicted mel spectrogram", made.features, synthesizer.mel_config)
    if isinstance(synthesizer, StagedSynthesizer):
        yield from synthesizer.stages(made, voice, controls)
    yield from sampling_stages(make, subject.most_steps)


def recording_stages(
    converter: Converter[Any], rate: int, recording: Sound, voice: Voice, subject: Subject
) -> Iterator[Stage]:
    """A recording on its way into another voice: itself, F0, every step, the sound at `rate`."""
    wav, own_rate = recording
    source = Source(wav, own_rate, prepare_recording(wav, own_rate, "the recording"))
    curves: list[F0Contour | None] = []

    def make() -> Sound:
        f0, chunks = converter.convert(source, voice, subject.controls)
        curves[:] = [f0]
        return concatenated(list(chunks)), rate

    yield Stage("source", "sound", sound=recording)
    *stages, result = sampling_stages(make, subject.most_steps)
    if curves[0] is not None:
        yield f0_stage(curves[0])
    yield from stages
    yield result


def f0_stage(f0: F0Contour, name: str = "F0") -> Stage:
    """F0 (T,) in Hz at 200 Hz."""
    return Stage(name, "curve", f0, f0.size * F0_HOP_SECONDS)
