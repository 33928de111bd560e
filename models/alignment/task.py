"""Forced alignment as a task."""

from __future__ import annotations

from hiervox.models.base.tasks import Task

TASK = Task(
    name="alignment",
    protocol="hiervox.models.base.pipelines.protocols:Aligner",
    verb="align",
    summary="recordings and their texts to durations",
    rank=9,
    works=("forced alignment",),
)
