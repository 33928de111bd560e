"""What can be set when JETS speaks."""

from hiervox.models.tts._variance.controls import VarianceSpeechControls


class JetsControls(VarianceSpeechControls):
    """Each does what it says; the published code has none."""
