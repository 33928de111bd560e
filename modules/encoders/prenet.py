"""Convolutions between an embedding and a text encoder's transformer (Glow-TTS, arXiv 2005.11129, A.1)."""

from __future__ import annotations

from torch import Tensor, nn

from hiervox.modules.normalization.layer_norm import ChannelLayerNorm


class ConvolutionalPrenet(nn.Module):
    """Some of [convolution, layer norm, ReLU, dropout], and a projection that is added to the input.

    Args:
        channels: everywhere.
        n_layers: number of layers.
        kernel_size: odd.
        dropout: after each layer.
        norm_eps: of the layer norms.
    """

    def __init__(
        self, channels: int, n_layers: int, kernel_size: int = 5, dropout: float = 0.5, norm_eps: float = 1e-5
    ) -> None:
        super().__init__()
        self.convs = nn.ModuleList(
            nn.Conv1d(channels, channels, kernel_size, padding=kernel_size // 2) for _ in range(n_layers)
        )
        self.norms = nn.ModuleList(ChannelLayerNorm(channels, norm_eps) for _ in range(n_layers))
        self.dropout = nn.Dropout(dropout)
        self.projection = nn.Conv1d(channels, channels, 1)
        nn.init.zeros_(self.projection.weight)  # starts as the identity
        assert self.projection.bias is not None
        nn.init.zeros_(self.projection.bias)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(B, channels, L), mask (B, 1, L) → (B, channels, L), masked."""
        hidden = x
        for conv, norm in zip(self.convs, self.norms, strict=True):
            hidden = self.dropout(norm(conv(hidden * mask)).relu())
        return (x + self.projection(hidden)) * mask
