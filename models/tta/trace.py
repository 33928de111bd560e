"""What `hiervox visualize` shows of text to audio."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hiervox.models.base.pipelines.protocols import TextToAudio
from hiervox.models.base.pipelines.trace import Sound, Stage, Subject, sampling_stages


def trace(pipeline: TextToAudio[Any], subject: Subject) -> Iterator[Stage]:
    """A caption: every step of the sampler, and the sound."""
    caption = subject.require_text()

    def make() -> Sound:
        return pipeline.tta(caption, None, subject.controls), pipeline.rate

    yield Stage("caption", "text", note=caption)
    yield from sampling_stages(make, subject.most_steps)
