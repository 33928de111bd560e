"""Text to speech as a task."""

from __future__ import annotations

from hiervox.models.base.tasks import Task

TASK = Task(
    name="tts",
    protocol="hiervox.models.base.pipelines.protocols:TextToSpeech",
    verb="tts",
    summary="text and a voice to speech",
    rank=1,
    pipeline=".pipeline:load_pipeline",
    works=("text to speech", "batches and streams"),
    metrics=("wer", "sim", "f0"),
    trial="hiervox.models.tts.trial:speak",
    takes="text",
    pipeline_tag="text-to-speech",
)
