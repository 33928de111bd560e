"""F0 of a whole utterance at the pitch of its prompt. Not a published network.

The published predictor sees a fraction of a second around each value and nothing of the prompt's pitch. With
few training voices it speaks high voices too low, and its absolute error on log(F0 + 1), 0 where unvoiced,
mixes voicing with pitch.
"""

from __future__ import annotations

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor, nn
from torch.nn import functional

from hiervox.models.tts.hierspeechpp.lite.networks.frames import interleave
from hiervox.models.tts.hierspeechpp.lite.networks.voice_encoder import SpeakerEncoderSizes
from hiervox.models.tts.hierspeechpp.networks.pitch_predictor import F0_PER_FRAME, LogF0Predictor
from hiervox.modules.convolutions.convnext import ConvNeXtBlock, ConvNeXtSizes
from hiervox.utils.config import Config

EDGE_KERNEL = 7
LOG_F0_MEAN, LOG_F0_DEVIATION = 5.0, 0.35
LOG_RANGE_MEAN, LOG_RANGE_DEVIATION = -1.6, 0.5
"""Of log F0 (Hz), and of the logarithm of a voice's deviation over its median, among speakers."""
PITCH_VALUES = 2


class ContourSizes(Config):
    """A pitch predictor that sees the whole utterance, and the pitch and the voice of the prompt.

    Attributes:
        channels, dilations: of the ConvNeXt blocks at the rate of semantic vectors.
        fine_channels, fine_dilations: of those at the rate of F0.
        expansion: hidden channels of a block over its channels.
        speaker: of the prompt's embedding by the synthesizer's speaker encoder.
        range: factor of log F0's distances from their mean in inference: what is learnt by absolute errors is
            flatter than speech.
    """

    channels: PositiveInt = 160
    dilations: tuple[PositiveInt, ...] = (1, 3, 9, 27, 1, 3)
    fine_channels: PositiveInt = 64
    fine_dilations: tuple[PositiveInt, ...] = (1, 3)
    expansion: PositiveInt = 3
    speaker: SpeakerEncoderSizes = SpeakerEncoderSizes(hidden_channels=128)
    range: PositiveFloat = 1.0


def pitch_values(pitch: Tensor) -> Tensor:
    """What a style holds of a prompt's pitch.

    Args:
        pitch: (B, 2), its `pitch_level` in Hz; 0, 0 where nothing is voiced.

    Returns:
        (B, 2), standardized over speakers; 0, 0 where nothing is voiced.
    """
    median, deviation = pitch.float().clamp_min(1).unbind(1)
    level = (median.log() - LOG_F0_MEAN) / LOG_F0_DEVIATION
    spread = ((deviation / median).log() - LOG_RANGE_MEAN) / LOG_RANGE_DEVIATION
    return torch.stack([level, spread], dim=1) * (pitch[:, :1] > 0)


class ContourPredictor(LogF0Predictor):
    """ConvNeXt blocks over the whole utterance, then a few at the rate of F0: log F0, and what is voiced.

    Args:
        semantic_channels: of the semantic vectors.
        style_channels: of the style vector.
        sizes: of the rest.

    Attributes:
        voice_channels: of what follows the style: the prompt's speaker embedding, and `pitch_values`.
    """

    def __init__(self, semantic_channels: int, style_channels: int, sizes: ContourSizes) -> None:
        super().__init__()
        channels, fine_channels, padding = sizes.channels, sizes.fine_channels, EDGE_KERNEL // 2
        self.voice_channels = sizes.speaker.channels + PITCH_VALUES
        self.range = sizes.range
        self.input = nn.Conv1d(semantic_channels, channels, EDGE_KERNEL, padding=padding)
        self.style = nn.Linear(style_channels, channels)
        self.voice = nn.Sequential(
            nn.Linear(self.voice_channels, sizes.speaker.hidden_channels),
            nn.Mish(),
            nn.Linear(sizes.speaker.hidden_channels, channels),
        )
        self.level = nn.Linear(self.voice_channels, 1)
        nn.init.zeros_(self.level.weight)
        nn.init.zeros_(self.level.bias)
        self.blocks = nn.ModuleList(
            ConvNeXtBlock(_block(channels, sizes.expansion, dilation)) for dilation in sizes.dilations
        )
        self.raise_rate = nn.Conv1d(channels, F0_PER_FRAME * fine_channels, 3, padding=1)
        self.fine_blocks = nn.ModuleList(
            ConvNeXtBlock(_block(fine_channels, sizes.expansion, dilation))
            for dilation in sizes.fine_dilations
        )
        self.output = nn.Conv1d(fine_channels, 2, EDGE_KERNEL, padding=padding)

    def forward(self, semantic: Tensor, mask: Tensor, style: Tensor) -> Tensor:
        """Predict log(F0 + 1), F0 in Hz, 0 where unvoiced.

        Args:
            semantic: (B, semantic_channels, T) at 50 frames/s.
            mask: (B, 1, T).
            style: (B, style_channels + voice_channels, 1).

        Returns:
            (B, 1, 4 T) at 200 frames/s.
        """
        log_f0, voicing = self.contour(semantic, mask, style)
        voiced = (voicing > 0) * mask.repeat_interleave(F0_PER_FRAME, dim=2)
        mean = (log_f0 * voiced).sum(2, keepdim=True) / voiced.sum(2, keepdim=True).clamp_min(1)
        return (mean + self.range * (log_f0 - mean)) * voiced

    def contour(self, semantic: Tensor, mask: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
        """Log(F0 + 1) as if all were voiced, and the logit of being voiced; both (B, 1, 4 T).

        Args:
            semantic, mask, style: as of `forward`.
        """
        own, voice = style.squeeze(2).split(
            [style.shape[1] - self.voice_channels, self.voice_channels], dim=1
        )
        x = self.input(semantic * mask) + (self.style(own) + self.voice(voice)).unsqueeze(2)
        for block in self.blocks:
            x = block(x * mask)
        fine_mask = mask.repeat_interleave(F0_PER_FRAME, dim=2)
        x = interleave(self.raise_rate(x * mask), F0_PER_FRAME)
        for block in self.fine_blocks:
            x = block(x * fine_mask)
        deviations, voicing = self.output(x * fine_mask).float().chunk(2, dim=1)
        level = voice[:, -PITCH_VALUES, None] + self.level(voice)
        log_f0 = LOG_F0_MEAN + LOG_F0_DEVIATION * (deviations + level.unsqueeze(2))
        return functional.softplus(log_f0), voicing


def _block(channels: int, expansion: int, dilation: int) -> ConvNeXtSizes:
    return ConvNeXtSizes(
        channels=channels, hidden_channels=expansion * channels, kernel_size=EDGE_KERNEL, dilation=dilation
    )
