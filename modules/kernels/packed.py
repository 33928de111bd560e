"""Convolutions and linear layers whose weights are laid out once for the CPU that they run on.

PyTorch's own layers lay them out in every call, small ones run through a matrix product that AMD's processors
get half their speed from, and a filter of several taps takes fewer multiplications in tiles
(`winograd`), or, on CPUs that multiply tiles of bfloat16, three passes of it (`split_bfloat16`).
Results come with the channels of a sample side by side, which is what oneDNN is
quickest with.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from hiervox.modules.convolutions.residual_block import ResidualBlock
from hiervox.modules.kernels.channels_last import channels_last_convolution
from hiervox.modules.kernels.packed_2d import PackedConvolution2d, PackedDenseBlock, require_inference
from hiervox.modules.kernels.rules import Setting, replaces
from hiervox.modules.kernels.split_bfloat16 import SplitBfloat16, kernels
from hiervox.modules.kernels.winograd import TILINGS, Tiling, transformed_taps, transforms
from hiervox.utils.logging import get_logger

LEAST_CHANNELS = 8
LEAST_SPLIT_CHANNELS = 32
"""From which on three passes of bfloat16 are quicker, where a CPU multiplies tiles of it."""
TYPICAL_SAMPLES = 256
PACKED_TYPES = (nn.Conv1d, nn.Conv2d, nn.ConvTranspose1d, nn.ConvTranspose2d)

_log = get_logger("packed")


class Kernel(Protocol):
    """(B, T, C), contiguous → (B, T', C'), contiguous."""

    def __call__(self, samples: Tensor) -> Tensor: ...


@cache
def _operators() -> Any:
    """PyTorch's oneDNN operators, for layers with laid-out weights; None where they can't be used."""
    operators = torch.ops.mkldnn
    try:
        with torch.inference_mode():
            samples, weight = torch.zeros(1, 16, 8), torch.zeros(8, 8, 3)
            _Direct(operators, weight, None, padding=1)(samples)
            _PerSample(operators, weight[..., 0], None)(samples)
            PackedConvolution2d(nn.Conv2d(32, 8, 1), operators, maps=2)(*torch.zeros(2, 1, 16, 4, 4))
    except (AttributeError, RuntimeError, NotImplementedError) as error:
        _log.warning("layers keep their plain weights, which is slower: no oneDNN (%s)", str(error)[:80])
        return None
    return operators


class _PerSample:
    """A linear layer.

    Args:
        operators: of `_operators`.
        weight: (C', C)
        bias: (C',) or None.
        activation: of the output, by oneDNN's name.
    """

    def __init__(self, operators: Any, weight: Tensor, bias: Tensor | None, activation: str = "none") -> None:
        self._activation = activation
        self._multiply = operators._linear_pointwise.default
        self._weight = operators._reorder_linear_weight(weight.detach().float().contiguous(), TYPICAL_SAMPLES)
        self._bias = None if bias is None else bias.detach().float().clone()

    def __call__(self, samples: Tensor) -> Tensor:
        rows = samples.view(-1, samples.shape[-1])
        if len(rows) == 1:  # for which oneDNN would want another layout
            both = rows.expand(2, -1).contiguous()
            return self._rows(both)[:1].view(*samples.shape[:-1], -1)
        return self._rows(rows).view(*samples.shape[:-1], -1)

    def _rows(self, rows: Tensor) -> Tensor:
        y: Tensor = self._multiply(rows, self._weight, self._bias, self._activation, [], "")
        return y


class _Direct:
    """A convolution of several taps (for one, oneDNN's layout depends on the length).

    Args:
        operators: of `_operators`.
        weight: (C', C / groups, k)
        bias: (C',) or None.
        padding, stride, dilation, groups: as `nn.Conv1d`'s.
    """

    def __init__(
        self,
        operators: Any,
        weight: Tensor,
        bias: Tensor | None,
        padding: int = 0,
        stride: int = 1,
        dilation: int = 1,
        groups: int = 1,
    ) -> None:
        self._convolve = operators._convolution_pointwise.default
        self._arguments: list[Any] = [[0, padding], [1, stride], [1, dilation], groups]
        shape = [1, groups * weight.shape[1], 1, TYPICAL_SAMPLES]
        plain = weight.detach().float().unsqueeze(2).contiguous()
        self._weight = operators._reorder_convolution_weight(plain, *self._arguments, shape)
        self._bias = None if bias is None else bias.detach().float().clone()

    def __call__(self, samples: Tensor) -> Tensor:
        x = samples.mT.unsqueeze(2)
        y: Tensor = self._convolve(x, self._weight, self._bias, *self._arguments, "none", [], "")
        return y.squeeze(2).mT


class _Tiled:
    """A convolution in tiles.

    Args:
        operators: of `_operators`.
        weight: (C', C, k)
        bias: (C',) or None.
        tiling: for k taps.
        padding, dilation: as `nn.Conv1d`'s.
    """

    def __init__(
        self,
        operators: Any,
        weight: Tensor,
        bias: Tensor | None,
        tiling: Tiling,
        padding: int,
        dilation: int,
    ) -> None:
        self._tiling, self._padding, self._dilation = tiling, padding, dilation
        self._shrinks = dilation * (weight.shape[-1] - 1)
        of_samples, _, of_products = transforms(tiling.outputs, tiling.taps)
        self._of_samples, self._of_products = of_samples.float(), of_products.float()
        taps = transformed_taps(weight.detach(), tiling)
        by_point = None if bias is None else bias.new_zeros(tiling.points, len(bias))
        if by_point is not None and bias is not None:
            by_point[0] = bias.detach()  # the first point is 1: what is added there adds to every output
        self._kernels: list[Kernel]
        if tiling.parts > 1:  # in one call
            flat = None if by_point is None else by_point.flatten()
            self._kernels = [_Direct(operators, taps.flatten(0, 1), flat, groups=tiling.points)]
        else:
            biases = [None] * tiling.points if by_point is None else list(by_point)
            self._kernels = [
                _PerSample(operators, matrix[..., 0], one) for matrix, one in zip(taps, biases, strict=True)
            ]

    def __call__(self, samples: Tensor) -> Tensor:
        tiling, dilation = self._tiling, self._dilation
        outputs = samples.shape[1] + 2 * self._padding - self._shrinks
        tiles = -(-outputs // (tiling.outputs * dilation))
        seen = tiles + tiling.parts - 1
        length = dilation * ((seen - 1) * tiling.outputs + tiling.points)
        padded = _padded(samples, self._padding, length)
        y = self._by_groups(padded, tiles) if tiling.parts > 1 else self._by_points(padded, tiles)
        # (B, tiles, n, dilation, C')
        return y.reshape(len(samples), tiles * tiling.outputs * dilation, -1)[:, :outputs].contiguous()

    def _by_points(self, padded: Tensor, tiles: int) -> Tensor:
        """One product a point; its rows are all tiles."""
        tiling, dilation, (batch, _, channels) = self._tiling, self._dilation, padded.shape
        strides = (padded.stride(0), channels, tiling.outputs * dilation * channels, 1)
        shape = (tiling.points, batch, dilation, tiles, channels)
        windows = padded.as_strided(shape, (dilation * channels, *strides))
        planes = self._of_samples @ windows.reshape(tiling.points, -1)
        rows = planes.view(tiling.points, 1, -1, channels)
        products = torch.stack([kernel(plane) for kernel, plane in zip(self._kernels, rows, strict=True)])
        y = self._of_products @ products.view(tiling.points, -1)
        return y.view(tiling.outputs, batch, dilation, tiles, -1).permute(1, 3, 0, 2, 4)

    def _by_groups(self, padded: Tensor, tiles: int) -> Tensor:
        """A group of channels a point, and a convolution over the tiles."""
        tiling, dilation, (batch, _, channels) = self._tiling, self._dilation, padded.shape
        seen = tiles + tiling.parts - 1
        strides = (padded.stride(0), channels, tiling.outputs * dilation * channels, dilation * channels, 1)
        windows = padded.as_strided((batch, dilation, seen, tiling.points, channels), strides)
        transformed = _apply(self._of_samples, windows)
        products = self._kernels[0](transformed.view(batch * dilation, seen, -1))
        y = _apply(self._of_products, products.view(batch, dilation, tiles, tiling.points, -1))
        return y.permute(0, 2, 3, 1, 4)


def _apply(matrix: Tensor, x: Tensor) -> Tensor:
    """(m, p) times each of (B, dilation, tiles, p, C) → (B, dilation, tiles, m, C), contiguous."""
    y = x.new_empty(*x.shape[:3], len(matrix), x.shape[-1])
    matrices = matrix.expand(x.shape[2], -1, -1)
    for item in range(x.shape[0]):
        for phase in range(x.shape[1]):
            torch.bmm(matrices, x[item, phase], out=y[item, phase])
    return y


def _padded(samples: Tensor, before: int, length: int) -> Tensor:
    """(B, T, C) → (B, length, C), contiguous, the samples behind `before` zeros."""
    stop = before + samples.shape[1]
    padded = samples.new_empty(samples.shape[0], length, samples.shape[2])
    padded[:, :before] = 0
    padded[:, before:stop] = samples[:, : length - before]
    padded[:, stop:] = 0
    return padded


def _kernel(
    weight: Tensor, bias: Tensor | None, split: bool, padding: int = 0, stride: int = 1, dilation: int = 1
) -> Kernel:
    """The quickest for a weight (C', C, k); `split` allows bfloat16, the others are `nn.Conv1d`'s."""
    compiled = kernels() if split else None
    if compiled is not None and min(weight.shape[:2]) >= LEAST_SPLIT_CHANNELS:
        return SplitBfloat16(compiled, weight, bias, padding, stride, dilation)
    operators, tiling = _operators(), TILINGS.get(weight.shape[-1])
    if weight.shape[-1] == 1:
        return _PerSample(operators, weight[..., 0], bias)
    if tiling is None or stride > 1 or min(weight.shape[:2]) < tiling.least_channels:
        return _Direct(operators, weight, bias, padding, stride, dilation)
    return _Tiled(operators, weight, bias, tiling, padding, dilation)


class PackedConvolution(nn.Module):
    """What `nn.Conv1d` or `nn.Linear` computes, for inference alone.

    Args:
        layer: one that `can_be_packed` is true of; its weights are not kept.
        activation: of a linear layer's output, by oneDNN's name.
        split: whether it may be computed in three passes of bfloat16.
    """

    def __init__(self, layer: nn.Conv1d | nn.Linear, activation: str = "none", split: bool = True) -> None:
        super().__init__()
        self.replaced_parameters = 0
        self._linear = isinstance(layer, nn.Linear)
        if isinstance(layer, nn.Linear):
            if activation == "none":
                self._kernel: Kernel = _kernel(layer.weight.unsqueeze(-1), layer.bias, split)
            else:
                self._kernel = _PerSample(_operators(), layer.weight, layer.bias, activation)
            return
        dilation = layer.dilation[0]
        padding = layer.padding[0]
        if isinstance(padding, str):
            padding = dilation * (layer.kernel_size[0] - 1) // 2 if layer.padding == "same" else 0
        self._kernel = _kernel(layer.weight, layer.bias, split, padding, layer.stride[0], dilation)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T) → (B, C', T'), or of a linear layer (…, C) → (…, C').

        Raises:
            RuntimeError: a gradient is asked for.
        """
        require_inference(x)
        if self._linear:
            return self._kernel(x.float().contiguous())
        return self._kernel(x.float().mT.contiguous()).mT


class PackedUpsampling(nn.Module):
    """What `nn.ConvTranspose1d` computes, for inference alone: a convolution to all phases of the output.

    Args:
        layer: one that `can_be_packed` is true of; its weights are not kept.
        split: whether it may be computed in three passes of bfloat16.
    """

    def __init__(self, layer: nn.ConvTranspose1d, split: bool = True) -> None:
        super().__init__()
        self._stride, self._padding = layer.stride[0], int(layer.padding[0])
        self._lasts = layer.kernel_size[0] - self._stride - 2 * self._padding + layer.output_padding[0]
        weight = layer.weight.detach()  # (C, C', k)
        taps = -(-weight.shape[-1] // self._stride)
        weight = F.pad(weight, (0, taps * self._stride - weight.shape[-1]))
        by_phase = weight.unflatten(-1, (taps, self._stride)).flip(2).permute(3, 1, 0, 2).flatten(0, 1)
        bias = None if layer.bias is None else layer.bias.detach().repeat(self._stride)
        self._kernel = _kernel(by_phase, bias, split, padding=taps - 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T) → (B, C', stride * T + …).

        Raises:
            RuntimeError: a gradient is asked for.
        """
        require_inference(x)
        phases = self._kernel(x.float().mT.contiguous())
        samples = phases.reshape(len(x), phases.shape[1] * self._stride, -1)
        length = self._stride * x.shape[-1] + self._lasts
        return samples[:, self._padding : self._padding + length].contiguous().mT


class PackedUpsampling2d(nn.Module):
    """What `nn.ConvTranspose2d` computes that upsamples the last axis alone, for inference alone.

    Args:
        layer: one that `can_be_packed` is true of; its weights are not kept.
        split: whether it may be computed in three passes of bfloat16.
    """

    def __init__(self, layer: nn.ConvTranspose2d, split: bool = True) -> None:
        super().__init__()
        line = nn.ConvTranspose1d(
            layer.in_channels,
            layer.out_channels,
            layer.kernel_size[1],
            layer.stride[1],
            int(layer.padding[1]),
            layer.output_padding[1],
            bias=layer.bias is not None,
        )
        line.weight.data = layer.weight.detach().squeeze(2)
        if layer.bias is not None and line.bias is not None:
            line.bias.data = layer.bias.detach()
        self._line = PackedUpsampling(line, split)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T, F) → (B, C', T, stride * F + …), the channels side by side."""
        lines = self._line(x.transpose(1, 2).flatten(0, 1))
        y: Tensor = lines.unflatten(0, (len(x), -1)).transpose(1, 2)
        return y


def can_be_packed(layer: nn.Module) -> bool:
    """Whether a layer has plain float32 weights on a CPU, one group, and channels enough."""
    if type(layer) is nn.Linear:
        channels = layer.in_features, layer.out_features
    elif isinstance(layer, nn.Conv1d | nn.Conv2d | nn.ConvTranspose1d | nn.ConvTranspose2d):
        if type(layer) not in PACKED_TYPES:
            return False
        if layer.groups != 1 or layer.padding_mode != "zeros" or not _has_kernel(layer):
            return False
        channels = layer.in_channels, layer.out_channels
    else:
        return False
    weight = layer.weight
    return weight.device.type == "cpu" and weight.dtype == torch.float32 and min(channels) >= LEAST_CHANNELS


def _has_kernel(layer: nn.Conv1d | nn.Conv2d | nn.ConvTranspose1d | nn.ConvTranspose2d) -> bool:
    """Whether there is a kernel for its taps, stride and padding."""
    taps, padding = layer.kernel_size[0], layer.padding
    if isinstance(layer, nn.Conv2d):
        return not isinstance(padding, str)
    if isinstance(layer, nn.ConvTranspose2d):
        along_last = taps == layer.stride[0] == layer.dilation[0] == layer.dilation[1] == 1
        return along_last and int(padding[0]) == 0 and layer.output_padding[1] <= int(padding[1])
    if isinstance(layer, nn.ConvTranspose1d):
        return layer.dilation[0] == 1 and layer.output_padding[0] <= int(padding[0])
    if taps == 1:
        return layer.stride[0] == 1 and padding in ("same", "valid", (0,))
    return padding != "same" or taps % 2 == 1


@replaces(nn.Linear, nn.Conv1d, nn.Conv2d, nn.ConvTranspose1d, nn.ConvTranspose2d)
def pack_weights(layer: nn.Module, setting: Setting) -> nn.Module | None:
    """Lay the weights of a layer out for this CPU.

    Nothing is changed under autocast, on other devices, or where PyTorch has no oneDNN.

    Args:
        layer: in eval mode; its weights are not kept.
        setting: whether it may be done, and whether wide layers stay in float32.

    Returns:
        What computes the same within rounding; None for a layer that can't be packed.
    """
    if setting.plain or not packs_here() or not can_be_packed(layer):
        return None
    split = not setting.exact
    if isinstance(layer, nn.ConvTranspose1d):
        return PackedUpsampling(layer, split)
    if isinstance(layer, nn.ConvTranspose2d):
        return PackedUpsampling2d(layer, split)
    if isinstance(layer, nn.Conv2d):
        return PackedConvolution2d(layer, _operators())
    assert isinstance(layer, nn.Conv1d | nn.Linear)
    return PackedConvolution(layer, split=split)


@replaces(ResidualBlock)
def keep_layout(block: ResidualBlock, setting: Setting) -> None:
    """Let convolutions that keep their weights take the layout that they are given; done in place."""
    packs = packs_here() and not setting.plain
    for layers in (block.dilated_convs, block.plain_convs):
        for number, layer in enumerate(layers):
            if isinstance(layer, nn.Conv1d) and not (packs and can_be_packed(layer)):
                layers[number] = channels_last_convolution(layer)


@replaces(nn.Sequential)
def fuse_activations(layers: nn.Sequential, setting: Setting) -> None:
    """Let linear layers of a chain compute the SiLU that follows them; done in place."""
    if setting.plain or not packs_here():
        return
    for number, (layer, activation) in enumerate(pairwise(list(layers))):
        if isinstance(layer, nn.Linear) and type(activation) is nn.SiLU and can_be_packed(layer):
            packed = PackedConvolution(layer, "swish")
            packed.replaced_parameters = sum(parameter.numel() for parameter in layer.parameters())
            layers[number], layers[number + 1] = packed, nn.Identity()


def packed_dense_block(block: nn.Module) -> nn.Module | None:
    """What a dense block computes without joining its maps; None where its layers can't be packed.

    Args:
        block: as `PackedDenseBlock` has it.
    """
    layers = list(block.get_submodule("layers").children())
    if not packs_here() or not all(can_be_packed(layer.get_submodule("convolution")) for layer in layers):
        return None
    return PackedDenseBlock(layers, _operators())


def packs_here() -> bool:
    """Whether weights can be laid out: PyTorch has oneDNN, and no autocast is on."""
    return not torch.is_autocast_enabled("cpu") and _operators() is not None
