"""ConvNeXt block over time, as Vocos has it (arXiv 2306.00814, section 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from hiervox.modules.normalization.global_response import GlobalResponseNorm


class ConvNeXtBlock(nn.Module):
    """Depthwise convolution, layer norm, two pointwise layers with GELU between, scaled residual.

    Args:
        channels: C.
        hidden_channels: between the pointwise layers.
        kernel_size: of the depthwise convolution, odd.
        scale: initial factor of the residual branch.
        norm_epsilon: of the layer norm.
        exact_gelu: whether GELU is exact; its approximation by tanh is quicker.
        style_channels: of the vector that scales and shifts what the norm gives (adaptive layer norm, DiT,
            arXiv 2212.09748, section 3.2); it starts without effect. 0 where there is none.
        dilation: of the depthwise convolution.

    Attributes:
        context: frames on either side that an output frame depends on.
    """

    def __init__(
        self,
        channels: int,
        hidden_channels: int,
        kernel_size: int,
        scale: float = 0.1,
        norm_epsilon: float = 1e-5,
        exact_gelu: bool = False,
        style_channels: int = 0,
        dilation: int = 1,
    ) -> None:
        super().__init__()
        self.context = dilation * (kernel_size // 2)
        self.depthwise = nn.Conv1d(
            channels, channels, kernel_size, padding=self.context, dilation=dilation, groups=channels
        )
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
        channels: C.
        hidden_channels: between the pointwise layers.
        kernel_size: of the depthwise convolution, odd.
        norm_epsilon: of the layer norm.
    """

    def __init__(
        self, channels: int, hidden_channels: int, kernel_size: int, norm_epsilon: float = 1e-6
    ) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(channels, channels, kernel_size, padding=kernel_size // 2, groups=channels)
        self.norm = nn.LayerNorm(channels, eps=norm_epsilon)
        self.expand = nn.Linear(channels, hidden_channels)
        self.response_norm = GlobalResponseNorm(hidden_channels)
        self.contract = nn.Linear(hidden_channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T) → (B, C, T)."""
        hidden = self.norm(self.depthwise(x).mT)
        hidden = self.response_norm(functional.gelu(self.expand(hidden)))
        return x + self.contract(hidden).mT
