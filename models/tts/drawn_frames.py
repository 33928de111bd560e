"""Texts to frames that a network draws, with durations of its own: what such acoustic models share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import torch
from pydantic import Field
from torch import Tensor

from hiervox.models.base.data.randomness import generator_for
from hiervox.models.base.pipelines.controls import SpeechControls
from hiervox.models.base.pipelines.parts import Item
from hiervox.models.base.pipelines.speech import Synthesis
from hiervox.models.base.pipelines.text_reader import TextReader
from hiervox.models.base.pipelines.token_sequence import noise_for, padded_rows
from hiervox.models.tts._voices.pipeline import SpeakerVoices
from hiervox.processors.text.config import TextConfig

RETRY_TEMPERATURE = 0.5
"""Factor of the noise at the second attempt."""


class SpeedControls(SpeechControls):
    """Of systems that predict durations."""

    speed: float = Field(1.0, ge=0.1, le=10, allow_inf_nan=False, description="over 1 is faster")


ControlsT = TypeVar("ControlsT", bound=SpeedControls)


@dataclass
class DrawnFrames:
    """What texts become.

    Attributes:
        frames: (B, C, T), 0 on padding.
        frame_lengths: (B,) real frames.
        durations: (B, L) frames of each token.
    """

    frames: Tensor
    frame_lengths: Tensor
    durations: Tensor


class DrawnFramesAcoustic(ABC, Generic[ControlsT]):
    """An `AcousticModel`; `Synthesis.features` are the frames, by default (C, N) in numpy.

    Args:
        text: languages and symbols of the model.
        voices: of the network; their `mel` is that of the frames.
        blanks: whether the network reads a blank between any two symbols.
    """

    def __init__(self, text: TextConfig, voices: SpeakerVoices, blanks: bool) -> None:
        self.voices, self.mel_config = voices, voices.mel
        self.reader = TextReader(text, blanks)

    @abstractmethod
    def draw(
        self,
        tokens: Tensor,
        token_lengths: Tensor,
        style: Tensor | None,
        length_scale: Tensor,
        noise: list[torch.Generator],
        calmed: float,
        controls: ControlsT,
    ) -> DrawnFrames:
        """Texts to frames, each as alone.

        Args:
            tokens: (B, L).
            token_lengths: (B,).
            style: (B, S, 1), or None.
            length_scale: (B, 1, L), factors of the durations.
            noise: one for each text.
            calmed: factor of the noise.
            controls: the others.

        Raises:
            CheckpointError: the durations are beyond any speech.
        """

    def features(self, frames: Tensor) -> Any:
        """A text's frames (C, N) as `Synthesis.features`."""
        return frames.float().cpu().numpy()

    @torch.inference_mode()
    def acoustic(self, items: Sequence[Item], controls: ControlsT, attempt: int = 0) -> list[Synthesis]:
        """Token sequences to frames; at the second attempt with half the noise.

        Raises:
            CheckpointError: the durations are beyond any speech.
            ConfigError: an F0 curve is given.
        """
        sequences = [sequence for sequence, _ in items]
        for sequence in sequences:
            sequence.require_no_f0()
        device = self.voices.device
        noise = [noise_for(controls.seed, sequence.position, attempt) for sequence in sequences]
        lengths = [len(sequence.tokens) for sequence in sequences]
        rates = padded_rows([sequence.rates for sequence in sequences], 1.0).to(device)
        made = self.draw(
            padded_rows([sequence.tokens for sequence in sequences], 0).to(device),
            torch.tensor(lengths, device=device),
            self.voices.styles([voice for _, voice in items]),
            1 / (rates.unsqueeze(1) * controls.speed),
            noise,
            RETRY_TEMPERATURE**attempt,
            controls,
        )
        return [
            Synthesis(
                sequence,
                self.features(made.frames[item, :, :frames]),
                self.mel_config.frame_rate,
                noise[item],
                durations=made.durations[item, : lengths[item]].tolist(),
            )
            for item, (sequence, frames) in enumerate(
                zip(sequences, made.frame_lengths.tolist(), strict=True)
            )
        ]


def noise_of(names: Sequence[str]) -> list[torch.Generator]:
    """The noise of utterances by their names, always the same."""
    return [torch.Generator().manual_seed(int(generator_for(name).integers(2**62))) for name in names]
