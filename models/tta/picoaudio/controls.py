"""What can be set when PicoAudio makes sound."""

from __future__ import annotations

from pydantic import Field

from hiervox.models.tta._latent.controls import LatentAudioControls


class PicoAudioControls(LatentAudioControls):
    """As of any latent diffusion; guidance strengthens the events, never their times."""

    guidance: float = Field(
        1.0,
        ge=0,
        le=50,
        allow_inf_nan=False,
        description="how closely the events are followed; 1, as published, is quicker",
    )
