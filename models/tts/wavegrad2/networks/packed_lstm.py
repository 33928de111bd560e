"""Recurrent layers over sequences of different lengths."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class PackedLSTM(nn.Module):
    """Bidirectional LSTM layers that read each sequence to its own end, so that padding does not count.

    Args:
        in_channels: of the input.
        channels: of each direction; the output has twice as many.
        n_layers: number of layers.
    """

    def __init__(self, in_channels: int, channels: int, n_layers: int = 1) -> None:
        super().__init__()
        self.lstm = nn.LSTM(in_channels, channels, n_layers, batch_first=True, bidirectional=True)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """(B, in_channels, L), lengths (B,) → (B, 2 * channels, L), 0 on padding."""
        packed = pack_padded_sequence(x.mT, lengths.cpu(), batch_first=True, enforce_sorted=False)
        hidden, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True, total_length=x.shape[2])
        result: Tensor = hidden.mT
        return result
