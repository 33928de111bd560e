"""A recurrent stack around which its input is added."""

from __future__ import annotations

from torch import Tensor, nn


class ResidualLSTM(nn.Module):
    """LSTM layers whose input is added to their output.

    Args:
        channels: of input, state and output.
        n_layers: number of layers.
    """

    def __init__(self, channels: int, n_layers: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(channels, channels, n_layers)

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, T) → (B, channels, T)."""
        hidden, _ = self.lstm(x.permute(2, 0, 1))
        result: Tensor = hidden.permute(1, 2, 0) + x
        return result
