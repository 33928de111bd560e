"""Vocoders as a task."""

from __future__ import annotations

from hiervox.models.base.tasks import Task

TASK = Task(
    name="vocoder",
    protocol="hiervox.models.base.pipelines.protocols:Vocoder",
    verb="vocode",
    summary="log-mel spectrogram to waveform",
    rank=6,
    pipeline="hiervox.models.vocoder.pipeline:VocoderPipeline",
    works=("log-mel to waveform",),
    metrics=("stft", "mcd", "f0"),
    trial="hiervox.models.vocoder.trial:vocode",
    trace="hiervox.models.vocoder.trace:trace",
)
