"""What can be set when F5-TTS and E2 TTS speak."""

from __future__ import annotations

from pydantic import Field

from hiervox.models.base.pipelines.controls import PromptTextControls
from hiervox.models.base.pipelines.mel_synthesizer import MelSpeechControls
from hiervox.modules.diffusion.flow_matching import Solver


class F5TtsControls(MelSpeechControls, PromptTextControls):
    """Defaults are those of the published inference."""

    speed: float = Field(1.0, ge=0.1, le=10, allow_inf_nan=False, description="over 1 is faster")
    seconds: float | None = Field(
        None,
        gt=0,
        le=30,
        allow_inf_nan=False,
        description="of each sentence, by default as long as the prompt's rate makes it",
    )
    steps: int = Field(32, ge=1, le=1000, description="of the solver; time grows with them")
    solver: Solver = Field("euler", description="euler, or midpoint with two passes a step")
    guidance: float = Field(
        2.0,
        ge=0,
        le=20,
        allow_inf_nan=False,
        description="how closely text and prompt are followed; 0 is quicker",
    )
    sway: float = Field(
        -1.0, ge=-1, le=1.75, allow_inf_nan=False, description="under 0, more of the steps are early ones"
    )
    cross_fade: float = Field(
        0.15,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="seconds over which parts of a long sentence overlap",
    )
