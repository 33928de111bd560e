"""What is put in for blocks of MP-SENet's network on a CPU."""

from __future__ import annotations

from torch import nn

from hiervox.models.enhancement.mp_senet.networks.dense_block import DilatedDenseBlock
from hiervox.models.enhancement.mp_senet.networks.grid_conformer import GridConformer
from hiervox.models.enhancement.mp_senet.networks.mp_senet import MPSENet, TwoStageBlock
from hiervox.modules.kernels import fused_conformer, fused_dense_block
from hiervox.modules.kernels.packed import packed_dense_block
from hiervox.modules.kernels.rules import Setting, replaces, stays_in_float32

# A phase is the angle of two maps, which where both are near zero multiplies their errors by hundreds.
stays_in_float32(MPSENet)


def small_conformer() -> GridConformer:
    """Beside which compiled passes are tried."""
    return GridConformer(32, n_heads=2, kernel_size=5)


def small_dense_block() -> DilatedDenseBlock:
    """Likewise."""
    return DilatedDenseBlock(16, depth=2)


@replaces(TwoStageBlock)
def _fused_conformers(block: TwoStageBlock, setting: Setting) -> nn.Module | None:
    pair = block.over_time, block.over_frequency
    compiled = fused_conformer.kernels(small_conformer) if all(map(fused_conformer.can_fuse, pair)) else None
    return None if compiled is None else fused_conformer.FusedConformers(compiled, *pair)


@replaces(GridConformer)
def _piecewise_conformer(conformer: GridConformer, setting: Setting) -> nn.Module | None:
    on_cpu = conformer.norm.weight.device.type == "cpu"
    return fused_conformer.PiecewiseConformer(conformer) if on_cpu else None


@replaces(DilatedDenseBlock)
def _fused_dense_block(block: DilatedDenseBlock, setting: Setting) -> nn.Module | None:
    compiled = fused_dense_block.kernels(small_dense_block) if fused_dense_block.can_fuse(block) else None
    if compiled is None:
        return packed_dense_block(block)
    return fused_dense_block.FusedDenseBlock(compiled, block)
