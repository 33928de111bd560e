"""The convolutions that discriminators of complex spectra share."""

from __future__ import annotations

from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from hiervox.modules.discriminators.stack import ConvolutionStack

TIME_DILATIONS = (1, 2, 4)
"""Of the three convolutions that halve the frequency axis."""


def spectrum_stack(
    first: nn.Module, channels: int, slope: float, logits_are_feature: bool
) -> ConvolutionStack:
    """Convolutions over frames and frequency (EnCodec, arXiv 2210.13438).

    Args:
        first: real and imaginary part (B, 2, frames, bins) → (B, channels, frames, bins).
        channels: of each convolution but the last.
        slope, logits_are_feature: see `ConvolutionStack`.
    """
    halving = (
        nn.Conv2d(channels, channels, (3, 9), stride=(1, 2), dilation=(dilation, 1), padding=(dilation, 4))
        for dilation in TIME_DILATIONS
    )
    return ConvolutionStack(
        [
            first,
            *map(weight_norm, halving),
            weight_norm(nn.Conv2d(channels, channels, (3, 3), padding=(1, 1))),
        ],
        last=weight_norm(nn.Conv2d(channels, 1, (3, 3), padding=(1, 1))),
        slope=slope,
        logits_are_feature=logits_are_feature,
    )
