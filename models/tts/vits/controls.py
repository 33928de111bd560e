"""What can be set when VITS speaks or converts."""

from hiervox.models.tts._vae.controls import LatentControls


class VitsControls(LatentControls):
    """Defaults are those of the published inference (arXiv 2106.06103, section 3.4)."""
