"""The acoustic model of systems that convert and read no text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, NoReturn

from hiervox.models.base.pipelines.parts import ControlsT, Item
from hiervox.processors.spectrogram import SpectrogramConfig
from hiervox.utils.errors import CheckpointError


class NoText(Generic[ControlsT]):
    """An `AcousticModel` that refuses every text.

    Args:
        mel_config: of the spectrograms that the system converts to.
    """

    def __init__(self, mel_config: SpectrogramConfig) -> None:
        self.mel_config = mel_config

    @property
    def reader(self) -> NoReturn:
        """Is refused.

        Raises:
            CheckpointError: always.
        """
        raise _refusal()

    def acoustic(self, items: Sequence[Item], controls: ControlsT, attempt: int = 0) -> NoReturn:
        """Is refused, as `reader`."""
        raise _refusal()


def _refusal() -> CheckpointError:
    return CheckpointError("the model reads no text", "name a model for the task tts")
