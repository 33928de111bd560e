"""Singing voice conversion as a task."""

from __future__ import annotations

from hiervox.models.base.tasks import Task

TASK = Task(
    name="svc",
    protocol="hiervox.models.base.pipelines.protocols:VoiceConversion",
    verb="svc",
    summary="singing and a voice to singing",
    rank=4,
    works=("singing voice conversion",),
    metrics=("sim", "f0", "periodicity"),
    trial="hiervox.models.vc.trial:convert",
)
