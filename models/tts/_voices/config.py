"""What can be set in networks that speak in voices."""

from __future__ import annotations

from typing import Literal

from pydantic import PositiveInt, model_validator

from hiervox.utils.config import Config


class ReferenceSizes(Config):
    """The encoder that makes a speaker vector from a mel spectrogram. Ours: it reads unseen voices."""

    hidden_channels: PositiveInt = 128


class SpeakerSizes(Config):
    """The part of a network's sizes that is about voices.

    Attributes:
        voice: where the speaker vector comes from: `none` (one speaker), `table` (one row a trained speaker)
            or `reference` (an encoder of a reference recording).
        speakers: names of the trained speakers, in the order of the table's rows.
        style_channels: of the speaker vector.
        mel_channels: of the reference's spectrogram.
        reference: sizes of its encoder.
    """

    voice: Literal["none", "table", "reference"] = "none"
    speakers: tuple[str, ...] = ()
    style_channels: PositiveInt = 256
    mel_channels: PositiveInt = 80
    reference: ReferenceSizes = ReferenceSizes()

    @model_validator(mode="after")
    def _speakers_have_a_table(self) -> SpeakerSizes:
        if (self.voice == "table") != bool(self.speakers):
            raise ValueError("speakers are for voice 'table', which needs at least one")
        return self

    @property
    def condition_channels(self) -> int:
        """Of the speaker vector; 0 where there is none."""
        return 0 if self.voice == "none" else self.style_channels
