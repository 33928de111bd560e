"""Prosody decoder of HierSpeech++: the lowest mel bins from a latent, so that the latent keeps prosody."""

from __future__ import annotations

from torch import Tensor, nn

from hiervox.modules.transformers.relative import RelativeTransformer


class ProsodyDecoder(nn.Module):
    """Convolution, style, transformer, projection.

    Args:
        latent_channels: of the input and inside.
        filter_channels: of the transformer's feed-forward.
        style_channels: of the style vector.
        prosody_bins: how many mel bins, from the lowest.
        n_heads, n_layers, kernel_size, dropout: of the transformer.
    """

    def __init__(
        self,
        latent_channels: int,
        filter_channels: int,
        style_channels: int,
        prosody_bins: int = 20,
        n_heads: int = 2,
        n_layers: int = 2,
        kernel_size: int = 5,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.input = nn.Conv1d(latent_channels, latent_channels, 3, padding=1)
        self.style = nn.Conv1d(style_channels, latent_channels, 1)
        self.transformer = RelativeTransformer(
            latent_channels, filter_channels, n_heads, n_layers, kernel_size, dropout
        )
        self.projection = nn.Conv1d(latent_channels, prosody_bins, 1, bias=False)

    def forward(self, z: Tensor, mask: Tensor, style: Tensor) -> Tensor:
        """(B, latent_channels, N), mask (B, 1, N), style (B, S, 1) → (B, prosody_bins, N), masked."""
        x = self.input(z * mask) + self.style(style)
        return self.projection(self.transformer(x * mask, mask)) * mask
