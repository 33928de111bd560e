"""What a user can set in HierSpeech++ beside what all systems of its kind have."""

from __future__ import annotations

from pydantic import Field

from hiervox.models.base.pipelines.controls import ProsodyControls


class HierSpeechControls(ProsodyControls):
    """All controls of speaking and converting; conversion uses those that do not concern text.

    Attributes:
        noise_scale_ttv: temperature of text-to-vec's prior, how much the reading varies. The published
            inference recommends 0.333 for steady and 0.667 for lively speech.
        noise_scale: temperature of the synthesizer's prior, how much the sound varies.
        duration_noise_scale: temperature of the durations, how much the rhythm varies.
    """

    noise_scale_ttv: float = Field(
        0.333, ge=0, le=2, allow_inf_nan=False, description="how much the reading varies; 0.667 is lively"
    )
    noise_scale: float = Field(
        0.333, ge=0, le=2, allow_inf_nan=False, description="how much the sound varies"
    )
    duration_noise_scale: float = Field(
        1.0, ge=0, le=2, allow_inf_nan=False, description="how much the rhythm varies"
    )
