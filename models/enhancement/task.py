"""Denoising as a task."""

from __future__ import annotations

from hiervox.models.base.tasks import Task

TASK = Task(
    name="enhancement",
    protocol="hiervox.models.base.pipelines.protocols:Enhancement",
    verb="enhance",
    summary="noisy to clean waveform",
    rank=8,
    works=("denoising",),
    metrics=("stoi", "si_sdr", "dnsmos"),
    trial="hiervox.models.enhancement.trial:enhance",
    trace="hiervox.models.enhancement.trace:trace",
)
