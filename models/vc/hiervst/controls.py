"""What a user can set in HierVST."""

from __future__ import annotations

from pydantic import Field

from hiervox.models.base.pipelines.controls import SpeechControls


class HierVSTControls(SpeechControls):
    """All controls of conversion.

    Attributes:
        noise_scale: temperature of the linguistic restorer's prior; the default is that of HierSpeech++'s
            published inference.
    """

    noise_scale: float = Field(
        0.333, ge=0, le=2, allow_inf_nan=False, description="how much the sound varies"
    )
