"""What can be set when HierSpeech speaks or converts."""

from hiervox.models.tts._vae.controls import LatentControls


class HierSpeechControls(LatentControls):
    """Defaults are VITS's: the paper names none."""
