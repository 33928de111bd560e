"""What `hiervox benchmark` times of super-resolution."""

from __future__ import annotations

from hiervox.models.base.benchmark.trial import Sample, Trial, seconds
from hiervox.models.base.pipelines.protocols import SuperResolution


def upsample(pipeline: SuperResolution, sample: Sample) -> Trial:
    """A recording to the higher rate."""
    return Trial(lambda: seconds(*pipeline.upsample(sample.wav, sample.rate)))
