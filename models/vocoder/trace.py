"""What `hiervox visualize` shows of a vocoder."""

from __future__ import annotations

from collections.abc import Iterator

from hiervox.models.base.pipelines.protocols import Mel, Vocoder
from hiervox.models.base.pipelines.resolutions import resolution_stages
from hiervox.models.base.pipelines.trace import RECORDING, Sound, Stage, Subject, mel_stage, sampling_stages
from hiervox.models.base.pipelines.vocoder import MelVocoder


def trace(pipeline: Vocoder, subject: Subject) -> Iterator[Stage]:
    """A recording's spectrogram: each resolution of the network, every step of a sampler, the sound."""
    wav, rate = subject.require_recording()
    mel: Mel = pipeline.mel_of(wav, rate)

    def make() -> Sound:
        return pipeline.resynthesize(wav, rate), pipeline.rate

    seconds = wav.size / rate
    yield Stage(RECORDING, "sound", sound=(wav, rate))
    if isinstance(pipeline, MelVocoder):
        yield mel_stage("input", mel, pipeline.mel)
    else:
        yield Stage("input", "matrix", mel, seconds, note="The log-mel spectrogram, a row for each bin.")
    yield from resolution_stages(make, mel.shape[1], seconds)
    yield from sampling_stages(make, subject.most_steps)
