"""The network of SpeechSR (arXiv 2311.12454, section 3.4)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

from hiervox.models.sr.speechsr.config import INPUT_RATE, SpeechSRConfig
from hiervox.modules.activations.alias_free import AliasFreeActivation
from hiervox.modules.activations.snake import SnakeBeta
from hiervox.modules.convolutions.amp_block import AMPBlock
from hiervox.modules.convolutions.residual_block import MeanOfBlocks

_EDGE_KERNEL = 7
"""Kernel of the first and the last convolution, as published."""


class SpeechSR(nn.Module):
    """A convolution, interpolation in time, parallel AMP blocks, a convolution.

    The paper interpolates by nearest neighbour; the published weights were made with linear interpolation,
    which is what stands here.

    Args:
        config: sizes and the output rate.

    Attributes:
        context: input samples on either side of a moment that its output depends on.
        input_multiple: a segment from a multiple of so many samples on gives what the whole gives; linear
            interpolation by 1.5 repeats every two samples.
        cpu_window: input samples to one pass, so that what a CPU then works on mostly stays in its cache.
    """

    input_multiple = 2
    cpu_window = 4_800

    def __init__(self, config: SpeechSRConfig) -> None:
        super().__init__()
        self.config = config
        channels = config.channels
        self.first_conv = weight_norm(nn.Conv1d(1, channels, _EDGE_KERNEL, padding="same"))
        blocks = [
            AMPBlock(channels, kernel_size, dilations)
            for kernel_size, dilations in zip(config.kernel_sizes, config.dilations, strict=True)
        ]
        self.blocks = MeanOfBlocks(blocks)
        self.last_activation = AliasFreeActivation(SnakeBeta(channels))
        self.last_conv = nn.Conv1d(channels, 1, _EDGE_KERNEL, padding="same", bias=False)
        edge = _EDGE_KERNEL // 2
        raised = max(block.context for block in blocks) + self.last_activation.context + edge
        self.context = edge + 1 + math.ceil(raised * INPUT_RATE / config.rate)

    def forward(self, wav: Tensor) -> Tensor:
        """Raise the rate: wav (B, 1, T) at 16 kHz → (B, 1, T · rate // 16000) at `config.rate`, within ±1."""
        x = self.first_conv(wav)
        x = F.interpolate(x, x.shape[-1] * self.config.rate // INPUT_RATE, mode="linear")
        x = self.last_activation(self.blocks(x))
        return torch.tanh(self.last_conv(x))
