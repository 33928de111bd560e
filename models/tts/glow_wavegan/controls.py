"""What can be set when Glow-WaveGAN speaks or converts."""

from __future__ import annotations

from pydantic import Field

from hiervox.models.tts.flow.pipeline import FlowControls


class GlowWaveGanControls(FlowControls):
    """The flow's, and who speaks what is converted."""

    source_speaker: str | None = Field(
        None, description="who speaks the recording that is converted, one of the model's speakers"
    )
