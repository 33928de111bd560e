"""What `hiervox benchmark` times of a codec."""

from __future__ import annotations

from hiervox.models.base.benchmark.trial import Sample, Trial, seconds
from hiervox.models.base.pipelines.protocols import Codec, VoicedCodec


def code(pipeline: Codec, sample: Sample) -> Trial:
    """A recording to tokens and back."""

    def whole() -> float:
        if isinstance(pipeline, VoicedCodec):
            wav = pipeline.decode_voiced(*pipeline.encode_voiced(sample.wav, sample.rate))
        else:
            wav = pipeline.decode(pipeline.encode(sample.wav, sample.rate))
        return seconds(wav, pipeline.rate)

    return Trial(whole)
