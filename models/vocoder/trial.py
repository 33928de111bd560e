"""What `hiervox benchmark` times of a vocoder."""

from __future__ import annotations

from hiervox.models.base.benchmark.trial import Sample, Trial, seconds
from hiervox.models.base.pipelines.protocols import Vocoder


def vocode(pipeline: Vocoder, sample: Sample) -> Trial:
    """A recording's spectrogram to its waveform; taking the spectrogram is not timed."""
    mel = pipeline.mel_of(sample.wav, sample.rate)
    return Trial(lambda: seconds(pipeline.vocode(mel), pipeline.rate))
