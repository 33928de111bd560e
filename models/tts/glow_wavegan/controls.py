"""What can be set when Glow-WaveGAN speaks or converts."""

from __future__ import annotations

from hiervox.models.tts._flow.pipeline import FlowControls
from hiervox.models.tts._voices.controls import ConversionControls


class GlowWaveGanControls(FlowControls, ConversionControls):
    """The flow's, and who speaks what is converted."""
