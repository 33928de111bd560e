"""The masked block of a score U-Net on a CPU: a 3×3 convolution with a quarter of its multiplications.

Convolutions of 64 channels and more are bound by multiplications, of which minimal filtering in tiles
of 4 × 4 needs a quarter. Group normalisation is a scale and a shift a channel once its sums are known;
these, Mish and the mask are one pass. Transformed weights take four times the memory.
"""

from __future__ import annotations

from functools import cache
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from hiervox.modules.diffusion.score_unet import MaskedBlock
from hiervox.modules.kernels.checked import kernels_or_none
from hiervox.modules.kernels.compiled import run_shares
from hiervox.modules.kernels.packed import packs_here
from hiervox.modules.kernels.packed_2d import require_inference
from hiervox.modules.kernels.rules import Setting, replaces
from hiervox.modules.kernels.winograd import transforms
from hiervox.utils.logging import get_logger

TILE, TAPS, POINTS = 4, 3, 6
LEAST_CHANNELS = 64
"""Of input and output; with fewer the transforms cost what they save."""
TYPICAL_TILES = 512
TOLERANCE = 1e-3
"""Of the standard deviation, in the check before first use: float32 keeps about four digits."""
PLACES = (1, 0, 2, 3, 4, 5)
"""Of the points 0, 1, -1, 2, -2 and infinity, the kernel's order, among those of `winograd.transforms`."""

_log = get_logger("masked_block")


class FastMaskedBlock(nn.Module):
    """What `MaskedBlock` computes, for inference on a CPU alone; its weights are not kept.

    Args:
        block: in eval mode, on the CPU.
        kernels: compiled passes.
    """

    def __init__(self, block: MaskedBlock, kernels: ModuleType) -> None:
        super().__init__()
        self._kernels = kernels
        operators: Any = torch.ops.mkldnn
        self._multiply = operators._linear_pointwise.default
        convolution, norm = block.convolution, block.norm
        taps = transforms(TILE, TAPS)[1][list(PLACES)]
        weight = torch.einsum("ai,bj,ocij->aboc", taps, taps, convolution.weight.detach().double())
        self._weights = [
            operators._reorder_linear_weight(point.float().contiguous(), TYPICAL_TILES)
            for point in weight.flatten(0, 1)
        ]
        assert convolution.bias is not None
        self._bias = convolution.bias.detach().float().clone().numpy()
        self._n_groups, self._eps = norm.num_groups, norm.eps
        self._scale, self._shift = (
            parameter.detach().double().clone() for parameter in (norm.weight, norm.bias)
        )

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(B, C, M, N), mask (B, 1, 1, N) → (B, C', M, N), the channels side by side.

        Raises:
            RuntimeError: a gradient is asked for.
        """
        require_inference(x)
        maps = (x.float() * mask).permute(0, 2, 3, 1).contiguous()
        items = [
            self._activated(self._convolved(item), own.flatten())
            for item, own in zip(maps, mask, strict=True)
        ]
        return (torch.stack(items) if len(items) > 1 else items[0][None]).permute(0, 3, 1, 2)

    def _convolved(self, item: Tensor) -> Tensor:
        """(M, N, C) → (M, N, C')."""
        height, width, channels = item.shape
        rows, columns, threads = -(-height // TILE), -(-width // TILE), torch.get_num_threads()
        samples = item.new_empty(POINTS**2, rows * columns, channels)
        given, transformed = item.detach().numpy(), samples.numpy()
        run_shares(
            lambda first, last: self._kernels.transform_samples(given, transformed, columns, first, last),
            rows,
            threads,
        )
        products = tuple(
            self._multiply(own, weight, None, "none", [], "").numpy()
            for own, weight in zip(samples, self._weights, strict=True)
        )
        y = item.new_empty(height, width, len(self._bias))
        result = y.numpy()
        run_shares(
            lambda first, last: self._kernels.transform_products(
                products, self._bias, result, columns, first, last
            ),
            rows,
            threads,
        )
        return y

    def _activated(self, item: Tensor, mask: Tensor) -> Tensor:
        """Group normalisation, Mish and mask (N,) of (M, N, C'), in place."""
        height, width, channels = item.shape
        found = torch.empty(2, channels, dtype=torch.double)
        self._kernels.sums(item.flatten(0, 1).numpy(), found.numpy())
        mean, square = found.unflatten(1, (self._n_groups, -1)).mean(2) / (height * width)
        deviation = (square - mean.square()).clamp_min(0).add(self._eps).sqrt()
        each = channels // self._n_groups
        scale = self._scale / deviation.repeat_interleave(each)
        shift = self._shift - mean.repeat_interleave(each) * scale
        given, factors, offsets, inside = (
            values.numpy() for values in (item, scale.float(), shift.float(), mask.float())
        )
        run_shares(
            lambda first, last: self._kernels.activate(given, factors, offsets, inside, first, last),
            height,
            torch.get_num_threads(),
        )
        return item


@cache
def kernels() -> ModuleType | None:
    """Compiled passes that agree with PyTorch; None, with a line in the log, where there are none."""

    def require_agreement(module: ModuleType) -> None:
        block = MaskedBlock(LEAST_CHANNELS, LEAST_CHANNELS, n_groups=8).eval()
        x = torch.randn(2, LEAST_CHANNELS, 7, 10, generator=torch.Generator().manual_seed(0))
        mask = torch.ones(2, 1, 1, 10)
        mask[1, ..., 8:] = 0
        expected = block(x, mask)
        error = (FastMaskedBlock(block, module)(x, mask) - expected).abs().max() / expected.std()
        if not error < TOLERANCE:
            raise RuntimeError(f"results are off by {error:.1e}")

    return kernels_or_none("masked_block_numba", "blocks of U-Nets", _log, require_agreement)


def can_be_fast(block: MaskedBlock) -> bool:
    """Whether it has plain float32 weights on a CPU, and channels enough."""
    weight = block.convolution.weight
    on_cpu = weight.device.type == "cpu" and weight.dtype == torch.float32
    return on_cpu and min(weight.shape[:2]) >= LEAST_CHANNELS


@replaces(MaskedBlock)
def _fast_masked_block(block: MaskedBlock, setting: Setting) -> nn.Module | None:
    if setting.plain or not packs_here() or not can_be_fast(block):
        return None
    compiled = kernels()
    return None if compiled is None else FastMaskedBlock(block, compiled)
