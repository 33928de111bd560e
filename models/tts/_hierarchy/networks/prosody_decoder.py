"""Prosody decoder of HierSpeech++: the lowest mel bins from a latent, so that the latent keeps prosody."""

from __future__ import annotations

from torch import Tensor, nn

from hiervox.modules.transformers.relative import RelativeTransformer, TransformerSizes


class ProsodyDecoder(nn.Module):
    """Convolution, style, transformer, projection.

    Args:
        sizes: of the transformer.
        bins: how many mel bins, from the lowest.
        latent_channels: of the input and inside.
        style_channels: of the style vector.
    """

    def __init__(
        self, sizes: TransformerSizes, *, bins: int, latent_channels: int, style_channels: int
    ) -> None:
        super().__init__()
        self.input = nn.Conv1d(latent_channels, latent_channels, 3, padding=1)
        self.style = nn.Conv1d(style_channels, latent_channels, 1)
        self.transformer = RelativeTransformer(latent_channels, sizes)
        self.projection = nn.Conv1d(latent_channels, bins, 1, bias=False)

    def forward(self, z: Tensor, mask: Tensor, style: Tensor) -> Tensor:
        """(B, latent_channels, N), mask (B, 1, N), style (B, S, 1) → (B, bins, N), masked."""
        x = self.input(z * mask) + self.style(style)
        return self.projection(self.transformer(x * mask, mask)) * mask
