"""Super-resolution as a task."""

from __future__ import annotations

from hiervox.models.base.tasks import Task

TASK = Task(
    name="sr",
    protocol="hiervox.models.base.pipelines.protocols:SuperResolution",
    verb="sr",
    summary="waveform to a higher rate",
    rank=7,
    metrics=("lsd", "stoi"),
    trial="hiervox.models.sr.trial:upsample",
    trace="hiervox.models.sr.trace:trace",
)
