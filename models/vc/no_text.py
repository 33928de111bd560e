"""The acoustic model of systems that convert and read no text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, NoReturn

from hiervox.models.base.pipelines.parts import ControlsT, Item
from hiervox.models.base.pipelines.speech import Synthesis
from hiervox.models.base.pipelines.voice import Voice
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


class NoSpeech(NoText[ControlsT]):
    """A `Synthesizer` of a system that converts without a vocoder.

    Args:
        mel_config: of the spectrograms that are drawn.
        rate: of the waveforms that it converts to, Hz.
    """

    largest_batch: int | None = None

    def __init__(self, mel_config: SpectrogramConfig, rate: int) -> None:
        super().__init__(mel_config)
        self.rate = rate

    def prepare(self, controls: ControlsT) -> None:
        """All controls can be followed."""

    def decode(self, batch: Sequence[Synthesis], voices: Sequence[Voice], controls: ControlsT) -> NoReturn:
        """Is refused, as `reader`."""
        raise _refusal()

    def decode_stream(self, synthesis: Synthesis, voice: Voice, controls: ControlsT) -> NoReturn:
        """Is refused, as `reader`."""
        raise _refusal()


def _refusal() -> CheckpointError:
    return CheckpointError("the model reads no text", "name a model for the task tts")
