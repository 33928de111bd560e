"""What `hiervox visualize` shows of enhancement."""

from __future__ import annotations

from collections.abc import Iterator

from hiervox.models.base.pipelines.protocols import Enhancement
from hiervox.models.base.pipelines.trace import Stage, Subject, difference_stage, sampling_stages


def trace(pipeline: Enhancement, subject: Subject) -> Iterator[Stage]:
    """A recording: itself, every step of a sampler, the clean sound, and what was taken out."""
    recording = subject.require_recording()
    yield Stage("input", "sound", sound=recording)
    for stage in sampling_stages(lambda: pipeline.enhance(*recording), subject.most_steps):
        yield stage
    assert stage.sound is not None
    note = "The result without the input, which is what was taken out, upside down."
    yield difference_stage("taken out", stage.sound, recording, note)
