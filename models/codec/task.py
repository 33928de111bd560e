"""Neural codecs as a task."""

from __future__ import annotations

from hiervox.models.base.tasks import Task

TASK = Task(
    name="codec",
    protocol="hiervox.models.base.pipelines.protocols:Codec",
    verb="codec",
    summary="waveform to tokens and back",
    rank=5,
    metrics=("stft", "mcd", "stoi"),
    trial="hiervox.models.codec.trial:code",
    trace="hiervox.models.codec.trace:trace",
)
