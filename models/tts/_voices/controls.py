"""What can be set when a system with a table of speakers converts."""

from __future__ import annotations

from pydantic import Field

from hiervox.models.base.pipelines.controls import SpeechControls


class ConversionControls(SpeechControls):
    """Of a system that has to know who speaks the recording."""

    source_speaker: str | None = Field(
        None, description="who speaks the recording that is converted, one of the model's speakers"
    )
