"""What can be set when Matcha-TTS speaks."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hiervox.models.base.pipelines.mel_synthesizer import MelSpeechControls
from hiervox.models.tts.drawn_frames import SpeedControls
from hiervox.models.tts.matcha_tts.config import STEPS, TEMPERATURE

MOST_STEPS = 1000


class MatchaControls(SpeedControls, MelSpeechControls):
    """Defaults are those of the published inference."""

    temperature: float = Field(TEMPERATURE, ge=0, le=2, allow_inf_nan=False, description="of the noise")
    steps: int = Field(STEPS, ge=1, le=MOST_STEPS, description="of the solver; time grows with them")
    solver: Literal["euler", "midpoint"] = Field(
        "euler", description="midpoint takes twice the time a step and needs fewer"
    )
