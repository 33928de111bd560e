"""Text to audio as a task."""

from __future__ import annotations

from hiervox.models.base.tasks import Task

TASK = Task(
    name="tta",
    protocol="hiervox.models.base.pipelines.protocols:TextToAudio",
    verb="tta",
    summary="caption to sound",
    rank=2,
    metrics=("fad", "classes", "events"),
    takes="text",
    pipeline_tag="text-to-audio",
    trace="hiervox.models.tta.trace:trace",
)
