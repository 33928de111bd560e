"""A recurrent predictor of one number a token (Non-Attentive Tacotron, arXiv 2010.04301, section 2.1)."""

from __future__ import annotations

from torch import Tensor, nn

from hiervox.models.tts.wavegrad2.networks.packed_lstm import PackedLSTM
from hiervox.modules.functional.masking import mask_lengths


class RecurrentPredictor(nn.Module):
    """Bidirectional LSTM layers and a projection without bias; for durations, or for what needs them.

    Args:
        in_channels: of the text's hidden sequence, and of what stands beside it.
        channels: of the LSTM, each direction.
        n_layers: of the LSTM.
    """

    def __init__(self, in_channels: int, channels: int, n_layers: int = 2) -> None:
        super().__init__()
        self.recurrent = PackedLSTM(in_channels, channels, n_layers)
        self.projection = nn.Linear(2 * channels, 1, bias=False)

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """(B, in_channels, L), mask (B, 1, L) → (B, L), any sign, 0 on padding."""
        features = self.recurrent(hidden, mask_lengths(mask))
        values: Tensor = self.projection(features.mT).squeeze(2)
        return values
