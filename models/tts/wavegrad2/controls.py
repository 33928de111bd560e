"""What can be set when WaveGrad 2 speaks."""

from __future__ import annotations

from pydantic import Field

from hiervox.models.base.pipelines.controls import SpeechControls


class WaveGrad2Controls(SpeechControls):
    """Steps trade time for quality (arXiv 2106.09660, section 3.2)."""

    speed: float = Field(1.0, ge=0.1, le=10, allow_inf_nan=False, description="over 1 is faster")
    steps: int | None = Field(
        None, ge=1, le=10_000, description="of diffusion, at most as many as in training; None: the model's"
    )
