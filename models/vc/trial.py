"""What `hiervox benchmark` times of voice conversion."""

from __future__ import annotations

from typing import Any

from hiervox.models.base.benchmark.trial import Sample, Trial, seconds
from hiervox.models.base.pipelines.protocols import VoiceConversion


def convert(pipeline: VoiceConversion[Any], sample: Sample) -> Trial:
    """A recording in the voice of a prompt."""

    def whole() -> float:
        speech = pipeline.vc((sample.wav, sample.rate), sample.prompt)
        return seconds(speech.wav, speech.rate)

    return Trial(whole)
