"""What `hiervox benchmark` times of text to speech."""

from __future__ import annotations

from typing import Any

from hiervox.models.base.benchmark.trial import Sample, Trial, seconds
from hiervox.models.base.pipelines.protocols import TextToSpeech


def speak(pipeline: TextToSpeech[Any], sample: Sample) -> Trial:
    """A sentence in the voice of a prompt, and until there is sound."""

    def whole() -> float:
        speech = pipeline.tts(sample.text, sample.prompt)
        return seconds(speech.wav, speech.rate)

    return Trial(whole, lambda: next(iter(pipeline.tts_stream(sample.text, sample.prompt))))
