"""Dense blocks in compiled passes, for inference on a CPU.

Each layer is one pass over the maps, with fewer multiplications than outputs times taps and with the sums
that its norm needs, and one over its output, which is normalised where it lies: beside the maps that the next
layer sees with it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from hiervox.modules.kernels.checked import COLUMNS, TOLERANCE, flat_arrays, kernels_or_none
from hiervox.modules.kernels.compiled import run_shares
from hiervox.modules.kernels.packed_2d import require_inference
from hiervox.modules.kernels.winograd import transforms
from hiervox.utils.logging import get_logger

_log = get_logger("fused_dense_block")


DenseBlock = Any
"""A densely connected block of maps (B, C, T, F), by its parts: `layers`, each of a `convolution` (3 × 3,
dilated in time) of all maps so far, the newest first, an instance `norm` with scale and shift, and an
`activation` (PReLU by channel)."""


@cache
def kernels(example: Callable[[], DenseBlock]) -> ModuleType | None:
    """The compiled passes; None, with one line in the log, where they can't be had.

    Args:
        example: makes a block of two layers of 16 channels, beside which they are tried.
    """
    return kernels_or_none("dense_numba", "dense blocks", _log, partial(_require_agreement, example))


def can_fuse(block: DenseBlock) -> bool:
    """Whether a block has float32 weights on a CPU, and as many channels as the passes take."""
    weights = [parameter for parameter in block.parameters() if parameter.ndim == 4]
    plain = all(weight.device.type == "cpu" and weight.dtype == torch.float32 for weight in weights)
    return (
        plain
        and all(len(weight) % COLUMNS == 0 for weight in weights)
        and not torch.is_autocast_enabled("cpu")
    )


class FusedDenseBlock(nn.Module):
    """What a dense block computes, for inference alone.

    Args:
        compiled: of `kernels`.
        block: one that `can_fuse` is true of; its weights are not kept.
    """

    def __init__(self, compiled: ModuleType, block: DenseBlock) -> None:
        super().__init__()
        self._layers = [_FusedLayer(compiled, layer) for layer in block.layers]

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T, F) → the last layer's output, of the same shape, the channels side by side.

        Raises:
            RuntimeError: a gradient is asked for.
        """
        require_inference(x)
        items = x.detach().float().permute(0, 2, 3, 1)
        y = torch.empty(items.shape)
        maps = torch.empty(len(self._layers), *items.shape[1:])  # the newest first
        for item, result in zip(items, y, strict=True):
            maps[-1] = item
            for number, layer in enumerate(self._layers, 1):
                layer(maps[-number:], maps[-number - 1] if number < len(self._layers) else result)
        return y.permute(0, 3, 1, 2)


class _FusedLayer:
    """A convolution of several maps, its norm and activation.

    Args:
        compiled: of `kernels`.
        layer: of a dense block.
    """

    def __init__(self, compiled: ModuleType, layer: Any) -> None:
        self._compiled = compiled
        convolution, norm = layer.convolution, layer.norm
        self._dilation = int(convolution.dilation[0])
        # Without its bias, which the norm takes away again.
        (self._weights,) = flat_arrays(_transformed(convolution.weight))
        self._scale, self._shift = norm.weight.detach().double(), norm.bias.detach().double()
        self._epsilon = norm.eps
        (self._slope,) = flat_arrays(layer.activation.weight)

    def __call__(self, maps: Tensor, y: Tensor) -> None:
        """Write the layer's output.

        Args:
            maps: (maps, T, F, C), contiguous float32.
            y: (T, F, C), likewise; overwritten.
        """
        statistics = self._convolve(maps, y)
        cells = y.shape[0] * y.shape[1]
        mean, mean_square = statistics.double().sum(0) / cells
        variance = (mean_square - mean.square()).clamp(min=0)
        scale = self._scale / (variance + self._epsilon).sqrt()
        affine = flat_arrays(scale, self._shift - mean * scale)
        target = y.view(-1).numpy()

        def share(first: int, last: int) -> None:
            self._compiled.activate(target, *affine, self._slope, first, last)

        run_shares(share, cells, torch.get_num_threads())

    def _convolve(self, maps: Tensor, y: Tensor) -> Tensor:
        """Fill y, and return sums and sums of squares of its channels, (units, 2, C)."""
        frames, bins, channels = y.shape
        units = -(-self._compiled.tiles_of(frames, bins, self._dilation) // self._compiled.TILES)
        statistics = torch.empty(units, 2, channels)
        source, target, sums = (tensor.view(-1).numpy() for tensor in (maps, y, statistics))
        sizes = frames, bins, channels, self._dilation
        values = self._compiled.scratch_values(channels, len(maps) * channels)

        def share(first: int, last: int) -> None:
            scratch = torch.empty(values).numpy()  # which begins where a row of the cache does
            self._compiled.convolve(source, *sizes, self._weights, target, sums, scratch, first, last)

        run_shares(share, units, torch.get_num_threads())
        return statistics


def _transformed(weight: Tensor) -> Tensor:
    """(C', depth, 3, 3) → panels at 4 × 4 points, (4, 4, C' / 16, depth, 16)."""
    of_taps = transforms(2, 3)[1]
    points = torch.einsum("if,jb,odfb->ijdo", of_taps, of_taps, weight.detach().double())
    return points.unflatten(-1, (-1, COLUMNS)).transpose(2, 3)


def _require_agreement(example: Callable[[], DenseBlock], compiled: ModuleType) -> None:
    """Refuse to compute otherwise than PyTorch does.

    Raises:
        RuntimeError: a small block comes out otherwise.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        block = example().eval()
        x = torch.randn(1, COLUMNS, 13, 9)
    expected = block(x)
    if not (FusedDenseBlock(compiled, block)(x) - expected).abs().max() < TOLERANCE * expected.std():
        raise RuntimeError("it computes something else")
