"""What can be set when JETS speaks."""

from hiervox.models.tts._variance.controls import ProsodyControls


class JetsControls(ProsodyControls):
    """Each does what it says; the published code has none."""
