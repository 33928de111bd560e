"""Voice conversion as a task."""

from __future__ import annotations

from hiervox.models.base.tasks import Task

TASK = Task(
    name="vc",
    protocol="hiervox.models.base.pipelines.protocols:VoiceConversion",
    verb="vc",
    summary="speech and a voice to speech",
    rank=3,
    works=("voice conversion",),
    metrics=("wer", "sim", "f0"),
    trial="hiervox.models.vc.trial:convert",
)
