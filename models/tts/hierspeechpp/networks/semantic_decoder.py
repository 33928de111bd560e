"""Latent to semantic vectors (HierSpeech++, arXiv 2311.12454, section 3.3)."""

from __future__ import annotations

from torch import Tensor, nn

from hiervox.modules.convolutions.wavenet import WaveNet


class SemanticDecoder(nn.Module):
    """A style-conditioned WaveNet stack between two projections.

    Args:
        in_channels: of the latent.
        hidden_channels: inside.
        out_channels: of the semantic vectors.
        kernel_size, n_layers, dropout: of the stack; its convolutions are not dilated.
        style_channels: of the style vector.
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        out_channels: int,
        kernel_size: int,
        n_layers: int,
        dropout: float,
        style_channels: int,
    ) -> None:
        super().__init__()
        self.pre = nn.Conv1d(in_channels, hidden_channels, 1)
        self.wavenet = WaveNet(
            hidden_channels,
            kernel_size,
            dilation_rate=1,
            n_layers=n_layers,
            condition_channels=style_channels,
            dropout=dropout,
        )
        self.projection = nn.Conv1d(hidden_channels, out_channels, 1)

    def forward(self, z: Tensor, mask: Tensor, style: Tensor) -> Tensor:
        """(B, in_channels, T), (B, 1, T) and (B, style_channels, 1) to (B, out_channels, T)."""
        hidden = self.wavenet(self.pre(z * mask) * mask, mask, style)
        return self.projection(hidden) * mask
