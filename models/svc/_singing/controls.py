"""What a user can set in singing voice conversion."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hiervox.models.base.pipelines.controls import PitchControls
from hiervox.models.base.pipelines.mel_synthesizer import MelSpeechControls


class KeyControls(PitchControls):
    """Of all systems.

    Attributes:
        auto_key: shift of the key beside `semitones`: `off`; `median`, which brings the source's median F0
            to the singer's; or `octaves`, the nearest whole octaves to that: an accompaniment still fits.
    """

    auto_key: Literal["off", "median", "octaves"] = Field(
        "off", description="shift to the singer's median F0: off, median, or octaves (whole ones alone)"
    )


class SingingControls(KeyControls, MelSpeechControls):
    """Of the systems whose spectrograms a vocoder makes sound of."""
