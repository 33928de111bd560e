"""What `hiervox visualize` shows of super-resolution."""

from __future__ import annotations

from collections.abc import Iterator

from hiervox.models.base.pipelines.protocols import SuperResolution
from hiervox.models.base.pipelines.trace import Stage, Subject, difference_stage, sampling_stages
from hiervox.processors.audio import resample


def trace(pipeline: SuperResolution, subject: Subject) -> Iterator[Stage]:
    """A recording: what the network gets of it, every step of a sampler, the sound, and what is new in it."""
    wav, rate = subject.require_recording()
    heard = resample(wav, rate, pipeline.input_rate)
    yield Stage("input", "sound", sound=(heard, pipeline.input_rate))
    for stage in sampling_stages(lambda: pipeline.upsample(wav, rate), subject.most_steps):
        yield stage
    assert stage.sound is not None
    note = "The result without the input: the frequencies that the network made."
    yield difference_stage("added band", stage.sound, (heard, pipeline.input_rate), note)
