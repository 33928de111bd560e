"""A recurrent stack around which its input is added."""

from __future__ import annotations

from torch import Tensor, nn

State = tuple[Tensor, Tensor]
"""Hidden and cell state, (layers, B, channels) each."""


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
        return self.continued(x, None)[0]

    def continued(self, x: Tensor, state: State | None) -> tuple[Tensor, State]:
        """What follows on an earlier waveform, whose state is `state`; with the state behind this."""
        hidden, state_behind = self.lstm(x.permute(2, 0, 1), state)
        return hidden.permute(1, 2, 0) + x, state_behind
