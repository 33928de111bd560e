"""The residual block of BigVGAN's generator: anti-aliased multi-periodicity composition."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from hiervox.modules.activations.alias_free import AliasFreeActivation
from hiervox.modules.activations.snake import SnakeBeta


class AMPBlock(nn.Module):
    """Residual pairs of a dilated and a plain convolution, each behind an alias-free Snake-Beta.

    BigVGAN (arXiv 2206.04658), section 3.3, figure 1.

    Args:
        channels: C.
        kernel_size: odd; of all convolutions.
        dilations: one residual pair for each.

    Attributes:
        context: samples on either side that an output sample depends on.
    """

    def __init__(self, channels: int, kernel_size: int, dilations: Sequence[int]) -> None:
        super().__init__()
        self.dilated_convs = nn.ModuleList(
            weight_norm(nn.Conv1d(channels, channels, kernel_size, dilation=dilation, padding="same"))
            for dilation in dilations
        )
        self.plain_convs = nn.ModuleList(
            weight_norm(nn.Conv1d(channels, channels, kernel_size, padding="same")) for _ in dilations
        )
        # In the order of use: before the first dilated one, before the first plain one, and so on.
        activations = [AliasFreeActivation(SnakeBeta(channels)) for _ in range(2 * len(dilations))]
        self.activations = nn.ModuleList(activations)
        reach = sum((dilation + 1) * (kernel_size // 2) for dilation in dilations)
        self.context = reach + sum(activation.context for activation in activations)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T) → (B, C, T)."""
        before_dilated, before_plain = self.activations[::2], self.activations[1::2]
        for dilated, plain, first, second in zip(
            self.dilated_convs, self.plain_convs, before_dilated, before_plain, strict=True
        ):
            x = x + plain(second(dilated(first(x))))
        return x
