"""What the configs of several text-to-speech systems hold."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveInt

from hiervox.models.base.config import Beta, OptimizerConfig, ScheduleConfig
from hiervox.utils.config import Config


class NoamOptimizerConfig(OptimizerConfig):
    """Adam as transformers were first trained (arXiv 1706.03762, section 5.3), without its epsilon."""

    name: Literal["Adam", "AdamW", "Adamax", "NAdam", "RAdam"] = "Adam"
    betas: tuple[Beta, Beta] = (0.9, 0.98)
    weight_decay: float = Field(0.0, ge=0)


class NoamScheduleConfig(ScheduleConfig):
    """The schedule that goes with it."""

    kind: str = "noam"
    warmup_steps: int = Field(4000, ge=0)


class TokenLimits(Config):
    """Which utterances are trained on, by tokens without blanks (VITS' published filter)."""

    min_tokens: PositiveInt = 1
    max_tokens: PositiveInt = 190

    def allow_tokens(self, tokens: int) -> bool:
        """Whether a text has so many tokens."""
        return self.min_tokens <= tokens <= self.max_tokens


class ClipLimits(TokenLimits):
    """Which utterances are trained on: by frames too (VITS' published filters)."""

    min_frames: PositiveInt = 32
    max_frames: PositiveInt = 1000

    def allow(self, frames: int, tokens: int) -> bool:
        """Whether a clip is within the limits."""
        return self.allow_tokens(tokens) and self.allow_frames(frames)

    def allow_frames(self, frames: int) -> bool:
        """Whether a clip has so many frames."""
        return self.min_frames <= frames <= self.max_frames
