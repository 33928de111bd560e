"""Normalising flow of transformers conditioned on style: BiT-Flow of HierSpeech++ (arXiv 2311.12454, 3.2).

Couplings of mean-only affine transforms whose shift comes from diffusion-transformer blocks with adaLN-Zero
(arXiv 2212.09748, section 3.2) and convolutional feed-forward.
"""

from __future__ import annotations

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn import functional

from hiervox.modules.attention.self_attention import SelfAttention
from hiervox.modules.flows.coupling_flow import CouplingFlow
from hiervox.utils.schema import Sizes

NORM_EPS = 1e-6  # of the diffusion transformer
MLP_RATIO = 4
"""Feed-forward channels, and hidden channels of the style's perceptron, over the channels of a block."""


class TransformerFlowSizes(Sizes):
    """Sizes of the flow; defaults are those of the published synthesizer.

    Attributes:
        hidden_channels: of the transformer blocks.
        n_heads: attention heads of a block.
        n_blocks: blocks of a coupling.
        n_couplings: couplings; after each the channels are reversed.
        kernel_size: of the feed-forward convolution, odd.
        dropout: in the feed-forward layers.
    """

    hidden_channels: PositiveInt = 192
    n_heads: PositiveInt = 2
    n_blocks: PositiveInt = 3
    n_couplings: PositiveInt = 4
    kernel_size: PositiveInt = 5
    dropout: float = Field(0.1, ge=0, lt=1)


def _initialise_xavier(module: nn.Module) -> None:
    for layer in module.modules():
        if isinstance(layer, nn.Conv1d | nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


class ConvFeedForward(nn.Module):
    """Convolution, GELU (tanh form), 1x1 convolution over (B, T, C)."""

    def __init__(self, channels: int, hidden_channels: int, kernel_size: int, dropout: float) -> None:
        super().__init__()
        self.expand = nn.Conv1d(channels, hidden_channels, kernel_size, padding=kernel_size // 2)
        self.contract = nn.Conv1d(hidden_channels, channels, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(B, T, C) with mask (B, T, 1) → (B, T, C), masked."""
        hidden = self.expand((x * mask).mT)
        hidden = self.dropout(functional.gelu(hidden, approximate="tanh"))
        return self.dropout(self.contract(hidden).mT * mask)


class AdaptiveTransformerBlock(nn.Module):
    """Transformer block whose norms are shifted and scaled, and whose branches are gated, by a condition."""

    def __init__(self, sizes: TransformerFlowSizes) -> None:
        super().__init__()
        channels = sizes.hidden_channels
        self.norm = nn.LayerNorm(channels, eps=NORM_EPS, elementwise_affine=False)
        self.attention = SelfAttention(channels, sizes.n_heads)
        self.feed_forward = ConvFeedForward(
            channels, MLP_RATIO * channels, kernel_size=sizes.kernel_size, dropout=sizes.dropout
        )
        modulation = nn.Linear(channels, 6 * channels)
        self.modulation = nn.Sequential(nn.SiLU(), modulation)
        _initialise_xavier(self)
        nn.init.zeros_(modulation.weight)

    def forward(self, x: Tensor, condition: Tensor, mask: Tensor) -> Tensor:
        """(B, T, C), condition (B, C), mask (B, T, 1) → (B, T, C), masked."""
        modulation = self.modulation(condition).unsqueeze(1).chunk(6, dim=-1)
        attention_shift, attention_scale, attention_gate, mlp_shift, mlp_scale, mlp_gate = modulation
        x = x * mask
        modulated = self.norm(x) * (1 + attention_scale) + attention_shift
        seen = mask.mT.unsqueeze(1) > 0
        x = x + attention_gate * self.attention(modulated, seen) * mask
        modulated = self.norm(x) * (1 + mlp_scale) + mlp_shift
        return x + mlp_gate * self.feed_forward(modulated, mask)


class TransformerCoupling(nn.Module):
    """Adds to the second half of the channels what transformer blocks make of the first half.

    Args:
        channels: even.
        sizes: see `TransformerFlowSizes`.

    Raises:
        ValueError: channels are odd.
    """

    def __init__(self, channels: int, sizes: TransformerFlowSizes) -> None:
        super().__init__()
        if channels % 2:
            raise ValueError(f"channels must be even, not {channels}")
        hidden_channels = sizes.hidden_channels
        self.input = nn.Conv1d(channels // 2, hidden_channels, 1)
        self.blocks = nn.ModuleList(AdaptiveTransformerBlock(sizes) for _ in range(sizes.n_blocks))
        self.shift = nn.Conv1d(hidden_channels, channels // 2, 1)
        _initialise_xavier(self.input)
        nn.init.zeros_(self.shift.weight)  # with the zero gates of the blocks: start as the identity
        if self.shift.bias is not None:
            nn.init.zeros_(self.shift.bias)

    def forward(self, z: Tensor, mask: Tensor, condition: Tensor, reverse: bool = False) -> Tensor:
        """(B, channels, T), mask (B, 1, T), condition (B, hidden_channels) → (B, channels, T)."""
        kept, moved = z.chunk(2, dim=1)
        hidden = (self.input(kept) * mask).mT
        for block in self.blocks:
            hidden = block(hidden, condition, mask.mT)
        shift = self.shift(hidden.mT) * mask
        moved = (moved - shift) * mask if reverse else moved * mask + shift
        return torch.cat([kept, moved], dim=1)


class StylePerceptron(nn.Sequential):
    """Style vector → condition of the blocks.

    Args:
        style_channels: of the style vector.
        channels: of the condition.
    """

    def __init__(self, style_channels: int, channels: int) -> None:
        super().__init__(
            nn.Linear(style_channels, MLP_RATIO * channels),
            nn.SiLU(),
            nn.Linear(MLP_RATIO * channels, channels),
        )

    def forward(self, style: Tensor) -> Tensor:
        """(B, style_channels, 1) → (B, channels)."""
        condition: Tensor = super().forward(style.squeeze(2))
        return condition


def transformer_flow(sizes: TransformerFlowSizes, *, channels: int, style_channels: int) -> CouplingFlow:
    """BiT-Flow, between two latents of one utterance.

    Args:
        sizes: see `TransformerFlowSizes`.
        channels: of the latent, even.
        style_channels: of the style vector.
    """
    return CouplingFlow(
        condition=StylePerceptron(style_channels, sizes.hidden_channels),
        couplings=[TransformerCoupling(channels, sizes) for _ in range(sizes.n_couplings)],
    )
