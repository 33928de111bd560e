"""Non-causal WaveNet stack (WaveGlow, arXiv 1811.00002, section 2.2), as VITS and HierSpeech++ use it."""

from __future__ import annotations

import torch
from pydantic import PositiveInt
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from hiervox.utils.schema import Sizes


class WaveNetSizes(Sizes):
    """Sizes of the stack; defaults are those of VITS' posterior encoder.

    Attributes:
        hidden_channels: of input and output.
        n_layers: number of layers.
        kernel_size: odd.
    """

    hidden_channels: PositiveInt = 192
    n_layers: PositiveInt = 16
    kernel_size: PositiveInt = 5


class WaveNet(nn.Module):
    """Gated dilated convolutions with residual and skip connections.

    Args:
        sizes: see `WaveNetSizes`.
        dilation_rate: layer i is dilated by `dilation_rate ** i`.
        condition_channels: channels of the condition; 0 where there is none.
        dropout: on the gated activations.
    """

    def __init__(
        self,
        sizes: WaveNetSizes,
        *,
        dilation_rate: int = 1,
        condition_channels: int = 0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        hidden_channels, kernel_size, n_layers = sizes.hidden_channels, sizes.kernel_size, sizes.n_layers
        if kernel_size % 2 == 0:
            raise ValueError(f"kernel_size must be odd, not {kernel_size}")
        self.hidden_channels = hidden_channels
        self.n_layers = n_layers
        self.dropout = nn.Dropout(dropout)
        self.dilated = nn.ModuleList()
        self.residual_skip = nn.ModuleList()
        for layer in range(n_layers):
            dilation = dilation_rate**layer
            convolution = nn.Conv1d(
                hidden_channels,
                2 * hidden_channels,
                kernel_size,
                dilation=dilation,
                padding=dilation * (kernel_size - 1) // 2,
            )
            self.dilated.append(weight_norm(convolution))
            # The last layer feeds nothing but the skip sum.
            outputs = 2 * hidden_channels if layer < n_layers - 1 else hidden_channels
            self.residual_skip.append(weight_norm(nn.Conv1d(hidden_channels, outputs, 1)))
        if condition_channels:
            self.condition = weight_norm(nn.Conv1d(condition_channels, 2 * hidden_channels * n_layers, 1))

    def forward(self, x: Tensor, mask: Tensor, condition: Tensor | None = None) -> Tensor:
        """Run the stack.

        Args:
            x: (B, hidden_channels, T), zero where `mask` is.
            mask: (B, 1, T).
            condition: (B, condition_channels, 1 or T), or None.

        Returns:
            (B, hidden_channels, T), masked.
        """
        biases: list[Tensor | None] = [None] * self.n_layers
        if condition is not None:
            biases = list(self.condition(condition).chunk(self.n_layers, dim=1))
        skips = torch.zeros_like(x)
        for layer, (dilated, residual_skip) in enumerate(zip(self.dilated, self.residual_skip, strict=True)):
            gates = dilated(x)
            bias = biases[layer]
            if bias is not None:
                gates = gates + bias
            signal, gate = gates.chunk(2, dim=1)
            output = residual_skip(self.dropout(torch.tanh(signal) * torch.sigmoid(gate)))
            if layer < self.n_layers - 1:
                residual, output = output.chunk(2, dim=1)
                x = (x + residual) * mask
            skips = skips + output
        return skips * mask
