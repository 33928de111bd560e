"""What can be set when Kokoro speaks."""

from __future__ import annotations

from pydantic import Field

from hiervox.models.base.pipelines.controls import PitchControls


class KokoroControls(PitchControls):
    """Speed is the published one; the published code leaves the pitch as it is predicted."""

    speed: float = Field(1.0, ge=0.1, le=10, allow_inf_nan=False, description="over 1 is faster")
