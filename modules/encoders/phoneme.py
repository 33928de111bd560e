"""Phoneme encoder: tokens to a hidden sequence and a prior.

As in Glow-TTS (arXiv 2005.11129, appendix A.1) and VITS (arXiv 2106.06103, section 2.5.2).
"""

from __future__ import annotations

import math

import torch
from pydantic import Field
from torch import Tensor, nn

from hiervox.modules.encoders.prenet import ConvolutionalPrenet
from hiervox.modules.transformers.relative import RelativeTransformer, TransformerSizes


class PhonemeEncoderSizes(TransformerSizes):
    """Sizes of `PhonemeEncoder`; defaults are those of VITS.

    Attributes:
        prenet_layers: convolutions before the transformer; 0 has none.
        mean_only: whether the prior's standard deviation is 1.
    """

    prenet_layers: int = Field(0, ge=0)
    mean_only: bool = False


class PhonemeEncoder(nn.Module):
    """Embedding, transformer, projection; convolutions before the transformer where they are asked for.

    Args:
        sizes: see `PhonemeEncoderSizes`.
        n_symbols: size of the phoneme table.
        channels: of the hidden sequence.
        out_channels: of the prior.
        norm_eps: of all layer norms.
    """

    def __init__(
        self,
        sizes: PhonemeEncoderSizes,
        *,
        n_symbols: int,
        channels: int,
        out_channels: int,
        norm_eps: float = 1e-5,
    ) -> None:
        super().__init__()
        self.scale = math.sqrt(channels)
        self.embedding = nn.Embedding(n_symbols, channels)
        nn.init.normal_(self.embedding.weight, 0.0, channels**-0.5)
        self.mean_only = sizes.mean_only
        self.has_prenet = sizes.prenet_layers > 0
        if self.has_prenet:
            self.prenet = ConvolutionalPrenet(channels, sizes.prenet_layers, norm_eps=norm_eps)
        self.transformer = RelativeTransformer(channels, sizes, norm_eps=norm_eps)
        self.projection = nn.Conv1d(channels, out_channels * (1 if self.mean_only else 2), 1)

    def forward(self, tokens: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Encode.

        Args:
            tokens: (B, L).
            mask: (B, 1, L).

        Returns:
            hidden (B, channels, L), prior mean and log standard deviation (B, out_channels, L).
        """
        embedded = self.embedding(tokens).transpose(1, 2) * self.scale
        hidden = self.transformer(self.prenet(embedded, mask) if self.has_prenet else embedded, mask)
        projected = self.projection(hidden) * mask
        if self.mean_only:
            return hidden, projected, torch.zeros_like(projected)
        mean, log_std = projected.chunk(2, dim=1)
        return hidden, mean, log_std
