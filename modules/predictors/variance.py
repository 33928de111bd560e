"""The variance predictor (FastSpeech 2, arXiv 2006.04558, section 2.3)."""

from __future__ import annotations

from pydantic import Field, PositiveInt
from torch import Tensor, nn

from hiervox.modules.normalization.layer_norm import ChannelLayerNorm
from hiervox.utils.schema import Sizes

N_LAYERS = 2  # FastSpeech


class VariancePredictorSizes(Sizes):
    """Sizes of `VariancePredictor`; defaults are those of FastSpeech 2.

    Attributes:
        filter_channels: inside.
        kernel_size: odd.
        dropout: after each layer.
    """

    filter_channels: PositiveInt = 256
    kernel_size: PositiveInt = 3
    dropout: float = Field(0.5, ge=0, lt=1)


class VariancePredictor(nn.Module):
    """Two of [convolution, ReLU, layer norm, dropout], and a projection to one value a position.

    Args:
        in_channels: of the hidden sequence.
        sizes: see `VariancePredictorSizes`.
        norm_eps: of the layer norms.
    """

    def __init__(self, in_channels: int, sizes: VariancePredictorSizes, *, norm_eps: float = 1e-5) -> None:
        super().__init__()
        filter_channels, kernel_size = sizes.filter_channels, sizes.kernel_size
        self.convs, self.norms = nn.ModuleList(), nn.ModuleList()
        for layer in range(N_LAYERS):
            inputs = filter_channels if layer else in_channels
            self.convs.append(nn.Conv1d(inputs, filter_channels, kernel_size, padding=kernel_size // 2))
            self.norms.append(ChannelLayerNorm(filter_channels, norm_eps))
        self.dropout = nn.Dropout(sizes.dropout)
        self.projection = nn.Conv1d(filter_channels, 1, 1)

    def predict(self, hidden: Tensor, mask: Tensor, conv_mask: Tensor | None = None) -> Tensor:
        """The values.

        Args:
            hidden: (B, in_channels, T).
            mask: (B, 1, T) of real positions.
            conv_mask: (B, 1, T), what the convolutions see; None for `mask`.

        Returns:
            (B, 1, T), masked.
        """
        seen = mask if conv_mask is None else conv_mask
        x = hidden
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = self.dropout(norm(conv(x * seen).relu()))
        values: Tensor = self.projection(x * seen) * mask
        return values
