"""Latent to semantic vectors (HierSpeech++, arXiv 2311.12454, section 3.3)."""

from __future__ import annotations

from torch import Tensor, nn

from hiervox.modules.convolutions.wavenet import WaveNet, WaveNetSizes


class SemanticDecoder(nn.Module):
    """A style-conditioned WaveNet stack between two projections.

    Args:
        sizes: of the stack, whose convolutions are not dilated.
        in_channels: of the latent.
        out_channels: of the semantic vectors.
        dropout: in the stack.
        style_channels: of the style vector.
    """

    def __init__(
        self,
        sizes: WaveNetSizes,
        *,
        in_channels: int,
        out_channels: int,
        dropout: float,
        style_channels: int,
    ) -> None:
        super().__init__()
        self.pre = nn.Conv1d(in_channels, sizes.hidden_channels, 1)
        self.wavenet = WaveNet(sizes, condition_channels=style_channels, dropout=dropout)
        self.projection = nn.Conv1d(sizes.hidden_channels, out_channels, 1)

    def forward(self, z: Tensor, mask: Tensor, style: Tensor) -> Tensor:
        """(B, in_channels, T), (B, 1, T) and (B, style_channels, 1) to (B, out_channels, T)."""
        hidden = self.wavenet(self.pre(z * mask) * mask, mask, style)
        return self.projection(hidden) * mask
