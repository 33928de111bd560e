"""How quick a model is over a list: seconds of work and of speech, kept in the folder of its sounds."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from hiervox.utils.files import write_json

SPEED_NAME = "speed.json"


class Stopwatch:
    """Adds up to FOLDER/speed.json. The time is the processor's, or on a GPU the time waited.

    Args:
        folder: of the sounds.
        device: of the model.
    """

    def __init__(self, folder: Path, device: torch.device) -> None:
        self.path = folder / SPEED_NAME
        self._clock = time.process_time if device.type == "cpu" else time.perf_counter
        found = (
            self.path.read_text(encoding="utf-8") if self.path.exists() else '{"work": 0.0, "speech": 0.0}'
        )
        self.total: dict[str, float] = json.loads(found)

    def time(self, make: Callable[[], Any]) -> Any:
        """What `make` returns, a `Speech`, once its time is added."""
        begun = self._clock()
        speech = make()
        self.total["work"] += self._clock() - begun
        self.total["speech"] += speech.wav.size / speech.rate
        return speech

    def write(self) -> None:
        """The sums so far."""
        write_json(self.path, self.total)
