"""What a user can set in conversion with FACodec."""

from __future__ import annotations

from pydantic import Field

from hiervox.models.base.pipelines.controls import SpeechControls


class FACodecControls(SpeechControls):
    """All controls of conversion.

    Attributes:
        residual: whether the source's residual is kept, with what of its voice is in it.
    """

    residual: bool = Field(False, description="keep the source's residual, and more of its voice")
