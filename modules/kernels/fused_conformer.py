"""Conformers of a grid in compiled passes, for inference on a CPU.

Layer by layer, each small step of a Conformer reads its maps from memory and writes them there, and threads
that share a step wait for each other after it. Here each thread takes whole lines of the grid through all
layers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, partial
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from hiervox.modules.kernels.checked import COLUMNS, TOLERANCE, flat_arrays, kernels_or_none
from hiervox.modules.kernels.compiled import run_shares
from hiervox.modules.kernels.packed_2d import require_inference
from hiervox.utils.logging import get_logger

_log = get_logger("fused_conformer")


Conformer = Any
"""A Conformer block over a grid (B, M, N, C), by its parts: `first_feed_forward` and `last_feed_forward`
(layer norm, linear, SiLU, dropout, linear), `attention` (`norm`, `query_key_value`, `projection`, `n_heads`),
`convolution` (`norm`, `gate`, `depthwise`, `batch_norm`, `output`) and `norm`."""


@cache
def kernels(example: Callable[[], Conformer]) -> ModuleType | None:
    """The compiled passes; None, with one line in the log, where they can't be had.

    Args:
        example: makes a network of 32 channels and 2 heads, beside which they are tried.
    """
    return kernels_or_none("conformer_numba", "Conformers", _log, partial(_require_agreement, example))


def can_fuse(network: Conformer) -> bool:
    """Whether a network has float32 weights on a CPU, and heads of as many channels as the passes take."""
    weight = network.norm.weight
    channels, heads = weight.shape[0], network.attention.n_heads
    plain = weight.device.type == "cpu" and weight.dtype == torch.float32
    return bool(plain and channels % (COLUMNS * heads) == 0 and not torch.is_autocast_enabled("cpu"))


class FusedConformers(nn.Module):
    """What a pair of Conformers computes, with ways around them, for inference alone.

    Args:
        compiled: of `kernels`.
        over_time: attends along frequency and convolves along time.
        over_frequency: the other way round. `can_fuse` is true of both; their weights are not kept.
    """

    def __init__(self, compiled: ModuleType, over_time: Conformer, over_frequency: Conformer) -> None:
        super().__init__()
        self._over_time = FusedConformer(compiled, over_time)
        self._over_frequency = FusedConformer(compiled, over_frequency)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, N, F) → (B, C, N, F), the channels side by side.

        Raises:
            RuntimeError: a gradient is asked for.
        """
        require_inference(x)
        grids = x.detach().float().permute(0, 2, 3, 1).clone(memory_format=torch.contiguous_format)
        attended = torch.empty_like(grids[0])
        for grid in grids:
            self._over_time(grid, attended, attends_along_rows=True)
            self._over_frequency(grid, attended, attends_along_rows=False)
        return grids.permute(0, 3, 1, 2)


class PiecewiseConformer(nn.Module):
    """What a Conformer computes, at so many cells of the grid at once that a CPU keeps them in its cache.

    Args:
        conformer: it is kept; `attend` and `convolve` are its halves.
        cells: of the grid, about.
    """

    def __init__(self, conformer: Conformer, cells: int = 1_000) -> None:
        super().__init__()
        self.conformer = conformer
        self.cells = cells

    def forward(self, x: Tensor) -> Tensor:
        """(B, M, N, C): attends along M and convolves along N; same shape."""
        columns, (_, m, n, _) = x.transpose(1, 2), x.shape
        attended, y = torch.empty(2, *x.shape, dtype=x.dtype, device=x.device)
        size = max(1, self.cells // m)
        for start in range(0, n, size):
            part = self.conformer.attend(columns[:, start : start + size])
            attended[:, :, start : start + size] = part.transpose(1, 2)
        size = max(1, self.cells // n)
        for start in range(0, m, size):
            y[:, start : start + size] = self.conformer.convolve(attended[:, start : start + size])
        return y


class FusedConformer:
    """What a Conformer computes, with the way around it.

    Args:
        compiled: of `kernels`.
        network: one that `can_fuse` is true of, in eval mode.
    """

    def __init__(self, compiled: ModuleType, network: Conformer) -> None:
        self._compiled = compiled
        attention, convolution = network.attention, network.convolution
        depthwise = fuse_conv_bn_eval(convolution.depthwise, convolution.batch_norm)
        assert depthwise.bias is not None
        self._channels, self._taps = network.norm.weight.shape[0], depthwise.kernel_size[0]
        self._attending = (
            attention.n_heads,
            network.norm.eps,
            _feed_forward(network.first_feed_forward),
            _attention(attention),
        )
        self._convolving = (
            network.norm.eps,
            flat_arrays(*_after_norm(convolution.norm, convolution.gate)),
            flat_arrays(depthwise.weight.squeeze(1).T, depthwise.bias),
            flat_arrays(_panels(convolution.output.weight), convolution.output.bias),
            _feed_forward(network.last_feed_forward),
            flat_arrays(network.norm.weight, network.norm.bias),
        )

    def __call__(self, grid: Tensor, attended: Tensor, attends_along_rows: bool) -> None:
        """Add the network's output to a grid.

        Args:
            grid: (M, N, C), contiguous float32; changed.
            attended: of the same shape; overwritten.
            attends_along_rows: whether attention is along N and the convolution along M; else the other way.
        """
        rows, columns, channels = grid.shape
        by_row = (rows, columns * channels, channels, columns)
        by_column = (columns, channels, columns * channels, rows)
        first, second = (by_row, by_column) if attends_along_rows else (by_column, by_row)
        self._run(self._compiled.attend, grid, attended, first, self._attending)
        self._run(self._compiled.convolve, attended, grid, second, self._convolving)

    def _run(
        self,
        kernel: Callable[..., None],
        source: Tensor,
        target: Tensor,
        lines: tuple[int, int, int, int],
        weights: tuple[Any, ...],
    ) -> None:
        """Call a kernel on equal shares of lines: how many, values from one to the next, and cells."""
        count, line_stride, cell_stride, cells = lines
        arrays = source.view(-1).numpy(), target.view(-1).numpy()
        sizes = line_stride, cell_stride, cells, self._channels
        values = self._compiled.scratch_values(cells, self._channels, self._taps)

        def share(first: int, last: int) -> None:
            scratch = torch.empty(values).numpy()  # which begins where a row of the cache does
            kernel(*arrays, *sizes, *weights, scratch, first, last)

        run_shares(share, count, torch.get_num_threads())


def _require_agreement(example: Callable[[], Conformer], compiled: ModuleType) -> None:
    """Refuse to compute otherwise than PyTorch does.

    Raises:
        RuntimeError: a small network comes out otherwise.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = example().eval()
        x = torch.randn(1, 20, 7, 2 * COLUMNS)
    expected = x + network(x)
    actual = x[0].clone()
    FusedConformer(compiled, network)(actual, torch.empty_like(actual), attends_along_rows=False)
    if not (actual - expected[0]).abs().max() < TOLERANCE * expected.std():
        raise RuntimeError("it computes something else")


def _panels(weight: Tensor) -> Tensor:
    """(N, depth) → (N / 16, depth, 16)."""
    return weight.unflatten(0, (-1, COLUMNS)).transpose(1, 2)


def _after_norm(norm: nn.LayerNorm, layer: nn.Linear) -> tuple[Tensor, Tensor]:
    """Panels and bias of a layer that scales and shifts as the norm before it does."""
    return _panels(layer.weight * norm.weight), layer.bias + layer.weight @ norm.bias


def _feed_forward(network: nn.Sequential) -> tuple[Any, ...]:
    norm, widen, narrow = network[0], network[1], network[4]
    assert isinstance(norm, nn.LayerNorm) and isinstance(widen, nn.Linear) and isinstance(narrow, nn.Linear)
    return flat_arrays(*_after_norm(norm, widen), _panels(0.5 * narrow.weight), 0.5 * narrow.bias)


def _attention(network: Any) -> tuple[Any, ...]:
    channels = network.norm.weight.shape[0]
    weights, bias = _after_norm(network.norm, network.query_key_value)
    parts = zip(weights.split(channels // COLUMNS), bias.split(channels), strict=True)
    (query, query_bias), *others = parts
    scale = (channels // network.n_heads) ** -0.5 / math.log(2)
    return flat_arrays(
        scale * query,
        scale * query_bias,
        *(tensor for pair in others for tensor in pair),
        _panels(network.projection.weight),
        network.projection.bias,
    )
