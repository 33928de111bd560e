"""What can be set when a network speaks or converts by way of a latent."""

from __future__ import annotations

from pydantic import Field

from hiervox.models.tts._voices.controls import ConversionControls
from hiervox.models.tts.drawn_frames import SpeedControls


class LatentControls(SpeedControls, ConversionControls):
    """Defaults are those of VITS's published inference (arXiv 2106.06103, section 3.4)."""

    noise_scale: float = Field(0.667, ge=0, le=2, allow_inf_nan=False, description="of the prior")
    duration_noise_scale: float = Field(
        0.8, ge=0, le=2, allow_inf_nan=False, description="of the stochastic durations"
    )
    conversion_noise_scale: float = Field(
        0.0, ge=0, le=2, allow_inf_nan=False, description="of the posterior when converting; published: 1"
    )
