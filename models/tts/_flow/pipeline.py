"""Speaking with a flow from text to frames: the first half of the way to sound."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from hiervox.models.tts._flow.config import NOISE_SCALE
from hiervox.models.tts._flow.network import FlowTextToFrames
from hiervox.models.tts._voices.pipeline import SpeakerVoices
from hiervox.models.tts.drawn_frames import DrawnFrames, DrawnFramesAcoustic, SpeedControls
from hiervox.processors.text.config import TextConfig

VOICE_TENSORS = ("flow.blocks.0.",)
"""What saved voices are bound to, beside where they come from; see `SpeakerVoices`."""


class FlowControls(SpeedControls):
    """Defaults are those of the published inference of Glow-TTS."""

    noise_scale: float = Field(NOISE_SCALE, ge=0, le=2, allow_inf_nan=False, description="of the prior")


class FlowAcoustic(DrawnFramesAcoustic[FlowControls]):
    """A `FlowTextToFrames` as an `AcousticModel`.

    Args:
        network: in evaluation mode, its weight norm removed.
        text: languages and symbols of the model.
        voices: of the network; their `mel` is that of the frames.
    """

    def __init__(self, network: FlowTextToFrames, text: TextConfig, voices: SpeakerVoices) -> None:
        super().__init__(text, voices, network.config.blanks)
        self.network = network

    def draw(
        self,
        tokens: Tensor,
        token_lengths: Tensor,
        style: Tensor | None,
        length_scale: Tensor,
        noise: list[torch.Generator],
        calmed: float,
        controls: FlowControls,
    ) -> DrawnFrames:
        """See `DrawnFramesAcoustic.draw`."""
        return self.network.infer(
            tokens, token_lengths, style, controls.noise_scale * calmed, length_scale, noise
        )
