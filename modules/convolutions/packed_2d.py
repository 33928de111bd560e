"""Convolutions over time and frequency whose weights are laid out once for the CPU, as `packed` has it.

Maps have their channels side by side, which oneDNN convolves a third quicker than planes. A convolution of
several maps adds up those of each, so that nothing is copied to concatenate them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

TYPICAL_FRAMES, TYPICAL_BINS = 640, 100


class JoiningConvolution2d(nn.Conv2d):
    """A convolution of maps that are concatenated along their channels.

    Args:
        map_channels: of each map.
        out_channels, kernel_size, padding, dilation: as `nn.Conv2d`'s.
    """

    def __init__(
        self,
        map_channels: Sequence[int],
        out_channels: int,
        kernel_size: int | tuple[int, int],
        padding: int | tuple[int, int] = 0,
        dilation: int | tuple[int, int] = 1,
    ) -> None:
        super().__init__(sum(map_channels), out_channels, kernel_size, padding=padding, dilation=dilation)
        self.map_channels = list(map_channels)

    def forward(self, *maps: Tensor) -> Tensor:
        """(B, C, T, F) each → (B, C', T', F')."""
        return super().forward(torch.cat(maps, dim=1) if len(maps) > 1 else maps[0])


class PackedConvolution2d(nn.Module):
    """What `nn.Conv2d` or `JoiningConvolution2d` computes, for inference alone.

    Args:
        layer: with one group, zeros around the map, and its padding in numbers; its weights are not kept.
        operators: PyTorch's oneDNN operators.
    """

    def __init__(self, layer: nn.Conv2d, operators: Any) -> None:
        super().__init__()
        padding = [int(size) for size in layer.padding]
        self._arguments: list[Any] = [padding, list(layer.stride), list(layer.dilation), 1]
        self._convolve = operators._convolution_pointwise.default
        self._add = operators._convolution_pointwise_.binary
        channels = layer.map_channels if isinstance(layer, JoiningConvolution2d) else [layer.in_channels]
        self._weights = [
            operators._reorder_convolution_weight(
                weight.float().contiguous(),
                *self._arguments,
                [1, weight.shape[1], TYPICAL_FRAMES, TYPICAL_BINS],
            )
            for weight in layer.weight.detach().split(channels, dim=1)
        ]
        self._bias = None if layer.bias is None else layer.bias.detach().float().clone()

    def forward(self, *maps: Tensor) -> Tensor:
        """(B, C, T, F) each → (B, C', T', F'), the channels side by side.

        Raises:
            RuntimeError: a gradient is asked for.
        """
        require_inference(*maps)
        first, *others = (one.float().contiguous(memory_format=torch.channels_last) for one in maps)
        y: Tensor = self._convolve(first, self._weights[0], self._bias, *self._arguments, "none", [], "")
        for one, weight in zip(others, self._weights[1:], strict=True):
            self._add(y, one, weight, None, *self._arguments, "add", 1.0, None, [], "")
        return y


def require_inference(*inputs: Tensor) -> None:
    """Refuse inputs of which a gradient is asked for: packed weights have none.

    Raises:
        RuntimeError: there is such an input.
    """
    if torch.is_grad_enabled() and any(x.requires_grad for x in inputs):
        raise RuntimeError("layers with packed weights are for inference alone")
