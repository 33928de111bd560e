"""What a user can set in conversion by diffusion."""

from __future__ import annotations

from pydantic import Field

from hiervox.models.base.pipelines.controls import PitchControls
from hiervox.models.base.pipelines.mel_synthesizer import MelSpeechControls

STEPS = 6
"""The published default."""
MOST_STEPS = 1000


class DiffusionConversionControls(PitchControls, MelSpeechControls):
    """Of both systems.

    Attributes:
        steps: of the solver of the spectrogram.
        temperature: factor of all noise.
    """

    steps: int = Field(
        STEPS, ge=1, le=MOST_STEPS, description="of the spectrogram's diffusion; time grows with them"
    )
    temperature: float = Field(
        1.0, ge=0, le=2, allow_inf_nan=False, description="how much noise sampling begins and goes on with"
    )
