"""Speaking with a flow from text to frames: the first half of the way to sound."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from pydantic import Field

from hiervox.models.base.pipelines.controls import SpeechControls
from hiervox.models.base.pipelines.parts import Item
from hiervox.models.base.pipelines.speech import Synthesis
from hiervox.models.base.pipelines.text_reader import TextReader
from hiervox.models.base.pipelines.token_sequence import noise_for, padded_rows
from hiervox.models.tts._flow.config import NOISE_SCALE
from hiervox.models.tts._flow.network import FlowTextToFrames
from hiervox.models.tts._voices.pipeline import SpeakerVoices
from hiervox.processors.text.config import TextConfig

RETRY_TEMPERATURE = 0.5
"""Factor of the noise scale at the second attempt."""
VOICE_TENSORS = ("flow.blocks.0.",)
"""What saved voices are bound to, beside where they come from; see `SpeakerVoices`."""


class FlowControls(SpeechControls):
    """Defaults are those of the published inference of Glow-TTS."""

    speed: float = Field(1.0, ge=0.1, le=10, allow_inf_nan=False, description="over 1 is faster")
    noise_scale: float = Field(NOISE_SCALE, ge=0, le=2, allow_inf_nan=False, description="of the prior")


class FlowAcoustic:
    """A `FlowTextToFrames` as an `AcousticModel`; `Synthesis.features` are its frames (C, N).

    Args:
        network: in evaluation mode, its weight norm removed.
        text: languages and symbols of the model.
        voices: of the network; their `mel` is that of the frames.
    """

    def __init__(self, network: FlowTextToFrames, text: TextConfig, voices: SpeakerVoices) -> None:
        self.network, self.voices, self.mel_config = network, voices, voices.mel
        self.reader = TextReader(text, network.config.blanks)

    @torch.inference_mode()
    def acoustic(self, items: Sequence[Item], controls: FlowControls, attempt: int = 0) -> list[Synthesis]:
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
        made = self.network.infer(
            padded_rows([sequence.tokens for sequence in sequences], 0).to(device),
            torch.tensor(lengths, device=device),
            self.voices.styles([voice for _, voice in items]),
            noise_scale=controls.noise_scale * RETRY_TEMPERATURE**attempt,
            length_scale=1 / (rates.unsqueeze(1) * controls.speed),
            generator=noise,
        )
        return [
            Synthesis(
                sequence,
                made.frames[item, :, :frames].float().cpu().numpy(),
                self.mel_config.frame_rate,
                noise[item],
                durations=made.durations[item, : lengths[item]].tolist(),
            )
            for item, (sequence, frames) in enumerate(
                zip(sequences, made.frame_lengths.tolist(), strict=True)
            )
        ]
