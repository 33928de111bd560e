"""The diffusion's WaveNet, which a prompt sets by FiLM (arXiv 2304.09116, section 3.2)."""

from __future__ import annotations

import math

import torch
from pydantic import PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from hiervox.modules.diffusion.time_embedding import TimeEmbedding
from hiervox.utils.schema import Sizes

ATTENTION_DROPOUT = 0.1  # Amphion


class DenoiserSizes(Sizes):
    """Sizes; defaults are the paper's.

    Attributes:
        n_layers: of the WaveNet.
        kernel_size: of its convolutions, odd.
        dilation_cycle: dilations are 1, 2, 4, … and start anew after so many layers.
        n_heads: of the attention to the speaker tokens.
        attention_every: layers from one attention to the next.
    """

    n_layers: PositiveInt = 40
    kernel_size: PositiveInt = 3
    dilation_cycle: PositiveInt = 2
    n_heads: PositiveInt = 8
    attention_every: PositiveInt = 3


class FiLM(nn.Module):
    """Gain and bias of each frame from what it hears of the speaker (Perez et al., arXiv 1709.07871).

    Args:
        channels: of the frames that attend, C; those that are set have 2 C.
        n_heads: of the attention.
    """

    def __init__(self, channels: int, n_heads: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.attention = nn.MultiheadAttention(channels, n_heads, ATTENTION_DROPOUT, batch_first=True)
        self.gain, self.bias = (nn.Linear(channels, 2 * channels) for _ in range(2))
        for layer, value in ((self.gain, 1.0), (self.bias, 0.0)):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.constant_(layer.bias, value)

    def forward(self, x: Tensor, seen: Tensor, speaker: Tensor) -> Tensor:
        """(B, 2C, T), seen (B, C, T), speaker tokens (B, Q, C) → (B, 2C, T)."""
        heard, _ = self.attention(self.norm(seen.transpose(1, 2)), speaker, speaker, need_weights=False)
        return x * self.gain(heard).transpose(1, 2) + self.bias(heard).transpose(1, 2)


class DenoiserLayer(nn.Module):
    """A gated dilated convolution of what is noisy, the time and the condition.

    Args:
        channels: C.
        dilation: of the convolution.
        sizes: see `DenoiserSizes`.
        attends: whether FiLM sets it.
    """

    def __init__(self, channels: int, dilation: int, sizes: DenoiserSizes, *, attends: bool) -> None:
        super().__init__()
        padding = dilation * (sizes.kernel_size // 2)
        self.time = nn.Linear(channels, channels)
        self.dilated = nn.Conv1d(
            channels, 2 * channels, sizes.kernel_size, dilation=dilation, padding=padding
        )
        self.condition = nn.Conv1d(channels, 2 * channels, 1)
        self.residual_skip = nn.Conv1d(channels, 2 * channels, 1)
        self.film = FiLM(channels, sizes.n_heads) if attends else None
        for convolution in (self.dilated, self.condition, self.residual_skip):
            nn.init.kaiming_normal_(convolution.weight)

    def forward(
        self, x: Tensor, mask: Tensor, condition: Tensor, time: Tensor, speaker: Tensor
    ) -> tuple[Tensor, Tensor]:
        """(B, C, T), mask (B, 1, T), condition (B, C, T), time (B, C), speaker → residual and skip."""
        seen = (x + self.time(time).unsqueeze(2)) * mask
        gates = self.dilated(seen) + self.condition(condition)
        if self.film is not None:
            gates = self.film(gates, seen, speaker)
        gate, signal = gates.chunk(2, dim=1)
        residual, skip = (self.residual_skip(torch.sigmoid(gate) * torch.tanh(signal)) * mask).chunk(2, 1)
        return (x + residual) / math.sqrt(2), skip


class Denoiser(nn.Module):
    """Noisy latents, a condition, a time and a speaker to clean latents, or to a velocity.

    Args:
        latent_channels: D.
        channels: C of the layers and of the condition.
        sizes: see `DenoiserSizes`.
    """

    def __init__(self, latent_channels: int, channels: int, sizes: DenoiserSizes) -> None:
        super().__init__()
        self.input = nn.Conv1d(latent_channels, channels, 1)
        self.time = nn.Sequential(
            TimeEmbedding(channels, scale=1.0),
            nn.Linear(channels, 4 * channels),
            nn.Mish(),
            nn.Linear(4 * channels, channels),
        )
        self.condition_norm = nn.LayerNorm(channels)
        self.layers = nn.ModuleList(
            DenoiserLayer(
                channels,
                2 ** (number % sizes.dilation_cycle),
                sizes,
                attends=number % sizes.attention_every == 0,
            )
            for number in range(sizes.n_layers)
        )
        self.skip = nn.Conv1d(channels, channels, 1)
        self.output = nn.Conv1d(channels, latent_channels, 1)
        nn.init.zeros_(self.output.weight)

    def forward(self, x: Tensor, mask: Tensor, condition: Tensor, time: Tensor, speaker: Tensor) -> Tensor:
        """Run it.

        Args:
            x: (B, D, T), noisy.
            mask: (B, 1, T).
            condition: (B, C, T).
            time: (B,), 0 (clean) to 1.
            speaker: (B, Q, C), tokens.

        Returns:
            (B, D, T).
        """
        condition = self.condition_norm(condition.transpose(1, 2)).transpose(1, 2)
        hidden, embedded = F.relu(self.input(x)), self.time(time)
        total = torch.zeros_like(hidden)
        for layer in self.layers:
            hidden, skip = layer(hidden, mask, condition, embedded, speaker)
            total = total + skip
        predicted: Tensor = self.output(F.relu(self.skip(total / math.sqrt(len(self.layers)))))
        return predicted
