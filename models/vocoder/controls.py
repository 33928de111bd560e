"""What can be set of a vocoder that is driven by F0."""

from __future__ import annotations

from pydantic import Field

from hiervox.models.base.pipelines.controls import Controls


class F0VocoderControls(Controls):
    """Of a network that is driven by F0.

    Attributes:
        semitones: shift of the F0 that drives it. The spectrogram, and with it the timbre, stays.
    """

    semitones: float = Field(0.0, ge=-24, le=24, allow_inf_nan=False, description="shift of the pitch")
