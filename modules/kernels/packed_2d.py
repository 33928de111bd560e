"""Convolutions over time and frequency whose weights are laid out once for the CPU, as `packed` has it.

Maps have their channels side by side, which oneDNN convolves a third quicker than planes. A convolution of
several maps adds up those of each, so that nothing is copied to concatenate them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

TYPICAL_FRAMES, TYPICAL_BINS = 640, 100


class PackedConvolution2d(nn.Module):
    """What `nn.Conv2d` computes of one map, or of several joined along their channels, for inference alone.

    Args:
        layer: with one group, zeros around the map, and its padding in numbers; its weights are not kept.
        operators: PyTorch's oneDNN operators.
        maps: how many, of as many channels each.
    """

    def __init__(self, layer: nn.Conv2d, operators: Any, maps: int = 1) -> None:
        super().__init__()
        padding = [int(size) for size in layer.padding]
        self._arguments: list[Any] = [padding, list(layer.stride), list(layer.dilation), 1]
        self._convolve = operators._convolution_pointwise.default
        self._add = operators._convolution_pointwise_.binary
        self._weights = [
            operators._reorder_convolution_weight(
                weight.float().contiguous(),
                *self._arguments,
                [1, weight.shape[1], TYPICAL_FRAMES, TYPICAL_BINS],
            )
            for weight in layer.weight.detach().chunk(maps, dim=1)
        ]
        self._bias = None if layer.bias is None else layer.bias.detach().float().clone()

    def forward(self, *maps: Tensor) -> Tensor:
        """(B, C, T, F) each → (B, C', T', F'), the channels side by side.

        Raises:
            RuntimeError: a gradient is asked for.
        """
        require_inference(*maps)
        first, *others = (plane.float().contiguous(memory_format=torch.channels_last) for plane in maps)
        y: Tensor = self._convolve(first, self._weights[0], self._bias, *self._arguments, "none", [], "")
        for plane, weight in zip(others, self._weights[1:], strict=True):
            self._add(y, plane, weight, None, *self._arguments, "add", 1.0, None, [], "")
        return y


class PackedDenseBlock(nn.Module):
    """What a densely connected block computes, each layer of all maps so far, the newest first.

    Args:
        layers: each with a `convolution` that `PackedConvolution2d` takes, a `norm` and an `activation`.
        operators: PyTorch's oneDNN operators.
    """

    def __init__(self, layers: Iterable[nn.Module], operators: Any) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            _PackedLayer(layer, operators, maps) for maps, layer in enumerate(layers, start=1)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T, F) → the last layer's output, of the same shape."""
        maps = [x]
        for layer in self.layers:
            maps.insert(0, layer(*maps))
        return maps[0]


class _PackedLayer(nn.Module):
    def __init__(self, layer: nn.Module, operators: Any, maps: int) -> None:
        super().__init__()
        convolution = layer.get_submodule("convolution")
        assert isinstance(convolution, nn.Conv2d)
        self.convolution = PackedConvolution2d(convolution, operators, maps)
        self.norm, self.activation = layer.get_submodule("norm"), layer.get_submodule("activation")

    def forward(self, *maps: Tensor) -> Tensor:
        y: Tensor = self.activation(self.norm(self.convolution(*maps)))
        return y


def require_inference(*inputs: Tensor) -> None:
    """Refuse inputs of which a gradient is asked for: packed weights have none.

    Raises:
        RuntimeError: there is such an input.
    """
    if torch.is_grad_enabled() and any(x.requires_grad for x in inputs):
        raise RuntimeError("layers with packed weights are for inference alone")
