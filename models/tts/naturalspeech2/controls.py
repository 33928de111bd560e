"""What can be set when NaturalSpeech 2 speaks."""

from __future__ import annotations

from pydantic import Field

from hiervox.models.base.pipelines.controls import PitchControls
from hiervox.modules.diffusion.flow_matching import Solver


class NaturalSpeech2Controls(PitchControls):
    """Sampling; the defaults are the paper's."""

    speed: float = Field(1.0, ge=0.1, le=10, allow_inf_nan=False, description="over 1 is faster")
    steps: int = Field(150, ge=1, le=1000, description="of the diffusion; time grows with them")
    solver: Solver = Field("euler", description="euler, or midpoint with two passes a step")
    temperature: float = Field(
        1 / 1.2,
        ge=0,
        le=2,
        allow_inf_nan=False,
        description="deviation of the noise that sampling begins with",
    )
