"""What can be set when VALL-E speaks."""

from __future__ import annotations

from pydantic import Field

from hiervox.models.base.pipelines.controls import PromptTextControls
from hiervox.models.tts.valle.networks.autoregressive import SamplingConfig


class ValleControls(PromptTextControls):
    """Sampling of the first codebook; the defaults are those of lifeiteng/vall-e."""

    temperature: float = Field(1.0, gt=0, le=5, allow_inf_nan=False, description="of the sampling")
    top_k: int | None = Field(None, ge=1, description="draw from so many codes; 1 is greedy")
    top_p: float = Field(1.0, gt=0, le=1, description="draw from the codes of this probability together")
    repetition_window: int = Field(
        0, ge=0, description="codes looked back on by repetition-aware sampling; 0 is off"
    )
    repetition_ratio: float = Field(0.1, ge=0, le=1, description="share of one code in them at most")
    frames_per_token: int = Field(16, ge=1, le=1000, description="frames to a phoneme at most")
    stop_at_bound: bool = Field(
        False, description="keep what is written when frames run out, instead of an error"
    )

    @property
    def sampling(self) -> SamplingConfig:
        """As the decoder takes it."""
        names = SamplingConfig.model_fields
        return SamplingConfig(**{name: getattr(self, name) for name in names})
