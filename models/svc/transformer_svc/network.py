"""TransformerSVC's network (open-mmlab/Amphion, egs/svc/TransformerSVC)."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field, PositiveInt, model_validator
from torch import Tensor, nn

from hiervox.models.svc._singing.condition import Song
from hiervox.models.svc._singing.network import ConditionTransformer, SpectrogramNetwork, SpectrogramSizes
from hiervox.modules.encoders.sine_position import sine_table
from hiervox.modules.transformers.relative import TransformerSizes


class MelTransformerSizes(TransformerSizes):
    """The transformer with relative positions, as published.

    Attributes:
        kind: `relative`, which the published code calls conformer, or `plain`, torch's own with sines as
            positions; the latter has no convolutions, and `kernel_size` is not used.
    """

    kind: Literal["relative", "plain"] = "relative"
    filter_channels: PositiveInt = 512


class TransformerSVCSizes(SpectrogramSizes):
    """The network.

    Attributes:
        transformer: from the condition to the spectrogram.
    """

    transformer: MelTransformerSizes = Field(default_factory=MelTransformerSizes)

    @model_validator(mode="after")
    def _heads_fit(self) -> TransformerSVCSizes:
        if self.condition.hidden_channels % self.transformer.n_heads:
            raise ValueError("transformer.n_heads must divide condition.hidden_channels")
        return self


class PlainTransformer(nn.Module):
    """Torch's transformer encoder, post-norm, from a condition to a spectrogram.

    The published code attends to padding; this does not.

    Args:
        channels: of the condition.
        mel_channels: of the spectrogram.
        sizes: of the layers.
    """

    def __init__(self, channels: int, mel_channels: int, sizes: MelTransformerSizes) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(
            channels, sizes.n_heads, sizes.filter_channels, sizes.dropout, batch_first=True
        )
        self.layers = nn.TransformerEncoder(layer, sizes.n_layers, enable_nested_tensor=False)
        self.dropout = nn.Dropout(sizes.dropout)
        self.projection = nn.Linear(channels, mel_channels)

    def forward(self, condition: Tensor, mask: Tensor) -> Tensor:
        """(B, channels, N), mask (B, 1, N) → (B, mel_channels, N), masked."""
        places = torch.arange(condition.shape[2], device=condition.device)
        hidden = condition.mT + sine_table(places, condition.shape[1]).to(condition.dtype)
        hidden = self.layers(self.dropout(hidden), src_key_padding_mask=mask.squeeze(1) == 0)
        projected: Tensor = self.projection(hidden).mT * mask
        return projected


class TransformerSVC(SpectrogramNetwork):
    """A song in a singer's voice to a spectrogram, at once.

    Args:
        sizes: see `TransformerSVCSizes`.
    """

    def __init__(self, sizes: TransformerSVCSizes) -> None:
        super().__init__(sizes)
        self.sizes = sizes
        kind = ConditionTransformer if sizes.transformer.kind == "relative" else PlainTransformer
        self.mapper = kind(sizes.condition.hidden_channels, sizes.mel_channels, sizes.transformer)

    def forward(self, song: Song, voice: Tensor | None) -> Tensor:
        """The training pass.

        Args:
            song: (B, …, N).
            voice: see `singer`.

        Returns:
            Spectrogram (B, mel_channels, N) between -1 and 1, masked.
        """
        return self.mapped(song, self.singer(voice, song))

    def mapped(self, song: Song, style: Tensor | None) -> Tensor:
        """A song and a singer's vector (B, style_channels, 1) to the spectrogram between -1 and 1."""
        mel: Tensor = self.mapper(self.condition(song, style), song.mask)
        return mel
