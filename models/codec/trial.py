"""What `hiervox benchmark` times of a codec."""

from __future__ import annotations

from hiervox.models.base.benchmark.trial import Sample, Trial, seconds
from hiervox.models.base.pipelines.protocols import Codec


def code(pipeline: Codec, sample: Sample) -> Trial:
    """A recording to tokens and back."""
    return Trial(lambda: seconds(pipeline.decode(pipeline.encode(sample.wav, sample.rate)), pipeline.rate))
