"""ConvNeXt block over time, as Vocos has it (arXiv 2306.00814, section 3.2)."""

from __future__ import annotations

import torch
from pydantic import PositiveInt
from torch import Tensor, nn
from torch.nn import functional

from hiervox.modules.normalization.global_response import GlobalResponseNorm
from hiervox.utils.schema import Sizes


class ConvNeXtSizes(Sizes):
    """Sizes of a block.

    Attributes:
        channels: C, of input and output.
        hidden_channels: between the pointwise layers.
        kernel_size: of the depthwise convolution, odd.
        dilation: of the depthwise convolution.
    """

    channels: PositiveInt
    hidden_channels: PositiveInt
    kernel_size: PositiveInt = 7
    dilation: PositiveInt = 1


class ConvNeXtBlock(nn.Module):
    """Depthwise convolution, layer norm, two pointwise layers with GELU between, scaled residual.

    Args:
        sizes: see `ConvNeXtSizes`.
        scale: initial factor of the residual branch.
        norm_epsilon: of the layer norm.
        exact_gelu: whether GELU is exact; its approximation by tanh is quicker.
        style_channels: of the vector that scales and shifts what the norm gives (adaptive layer norm, DiT,
            arXiv 2212.09748, section 3.2); it starts without effect. 0 where there is none.

    Attributes:
        context: frames on either side that an output frame depends on.
    """

    def __init__(
        self,
        sizes: ConvNeXtSizes,
        *,
        scale: float = 0.1,
        norm_epsilon: float = 1e-5,
        exact_gelu: bool = False,
        style_channels: int = 0,
    ) -> None:
        super().__init__()
        channels, hidden_channels = sizes.channels, sizes.hidden_channels
        self.context = sizes.dilation * (sizes.kernel_size // 2)
        self.depthwise = _depthwise(sizes)
        self.norm = nn.LayerNorm(channels, eps=norm_epsilon)
        self.expand = nn.Linear(channels, hidden_channels)
        self.contract = nn.Linear(hidden_channels, channels)
        self.scale = nn.Parameter(torch.full((channels,), scale))
        self.gelu = "none" if exact_gelu else "tanh"
        if style_channels:
            self.modulation = nn.Linear(style_channels, 2 * channels)
            nn.init.zeros_(self.modulation.weight)
            nn.init.zeros_(self.modulation.bias)

    def forward(self, x: Tensor, style: Tensor | None = None) -> Tensor:
        """(B, C, T), and (B, style_channels, 1) where the block has a style → (B, C, T)."""
        hidden = self.norm(self.depthwise(x).mT)
        if style is not None:
            scale, shift = self.modulation(style.mT).chunk(2, dim=2)
            hidden = hidden * (1 + scale) + shift
        hidden = self.contract(functional.gelu(self.expand(hidden), approximate=self.gelu))
        return x + (self.scale * hidden).mT


class ConvNeXtV2Block(nn.Module):
    """Depthwise convolution, layer norm, two pointwise layers with GELU and response norm between, residual.

    ConvNeXt V2 (arXiv 2301.00808, section 3.2) over time, as in APNet2 (arXiv 2311.11545, section 2.1). The
    norm's statistics are those of the whole sequence.

    Args:
        sizes: see `ConvNeXtSizes`.
        norm_epsilon: of the layer norm.
    """

    def __init__(self, sizes: ConvNeXtSizes, *, norm_epsilon: float = 1e-6) -> None:
        super().__init__()
        channels, hidden_channels = sizes.channels, sizes.hidden_channels
        self.depthwise = _depthwise(sizes)
        self.norm = nn.LayerNorm(channels, eps=norm_epsilon)
        self.expand = nn.Linear(channels, hidden_channels)
        self.response_norm = GlobalResponseNorm(hidden_channels)
        self.contract = nn.Linear(hidden_channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T) → (B, C, T)."""
        hidden = self.norm(self.depthwise(x).mT)
        hidden = self.response_norm(functional.gelu(self.expand(hidden)))
        return x + self.contract(hidden).mT


def _depthwise(sizes: ConvNeXtSizes) -> nn.Conv1d:
    padding = sizes.dilation * (sizes.kernel_size // 2)
    return nn.Conv1d(
        sizes.channels,
        sizes.channels,
        sizes.kernel_size,
        padding=padding,
        dilation=sizes.dilation,
        groups=sizes.channels,
    )
