"""What `hiervox benchmark` times of denoising."""

from __future__ import annotations

from hiervox.models.base.benchmark.trial import Sample, Trial, seconds
from hiervox.models.base.pipelines.protocols import Enhancement


def enhance(pipeline: Enhancement, sample: Sample) -> Trial:
    """A recording without its noise."""
    return Trial(lambda: seconds(*pipeline.enhance(sample.wav, sample.rate)))
