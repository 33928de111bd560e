"""What can be set when Glow-TTS speaks."""

from __future__ import annotations

from hiervox.models.base.pipelines.mel_synthesizer import MelSpeechControls
from hiervox.models.tts._flow.pipeline import FlowControls


class GlowTtsControls(FlowControls, MelSpeechControls):
    """The flow's, and the vocoder."""
