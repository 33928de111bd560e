"""What `hiervox benchmark` times of a whole model: the trial of each task that it serves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hiervox.processors.audio import Waveform

TEXT = "The weather was fine that morning, so we walked across the river to the old garden."


@dataclass(frozen=True)
class Sample:
    """What goes into a trial.

    Attributes:
        wav: (T,), a recording.
        rate: of `wav`, Hz.
        prompt: of a voice, as pipelines take it: a file's name, or a waveform and its rate.
        text: one sentence.
    """

    wav: Waveform
    rate: int
    prompt: Any
    text: str = TEXT


@dataclass(frozen=True)
class Trial:
    """What a user waits for.

    Attributes:
        whole: does all of the work; returns the seconds of sound that came out, or that went in where none
            comes out.
        first: returns when the first sound is there; None where it all comes at once.
    """

    whole: Callable[[], float]
    first: Callable[[], Any] | None = None


def seconds(wav: Waveform, rate: int) -> float:
    """The length of a waveform (T,) or (C, T)."""
    return float(wav.shape[-1] / rate)
