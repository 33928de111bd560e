"""Alias-free Snake activations in one compiled pass, forward and backward.

Step by step, upsampling, the activation and downsampling each read and write the doubled signal from memory,
which is what they cost. On a CPU `activation_numba` does all three on blocks that stay in the cache, on a GPU
`activation_triton` does so in registers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from types import ModuleType
from typing import Any, Protocol, cast, runtime_checkable

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from hiervox.modules.activations.alias_free import AliasFreeActivation
from hiervox.modules.kernels.compiled import announced, made_or_none, run_shares
from hiervox.modules.kernels.rules import Setting, replaces
from hiervox.utils.logging import get_logger
from hiervox.utils.operations import note_kernel

TAPS = 12
RATIO = 2
DTYPES = {
    "cpu": (torch.float32, torch.float64, torch.bfloat16),
    "cuda": (torch.float32, torch.bfloat16, torch.float16),
}
LEAST_VALUES_A_THREAD = 1 << 15

_BY_STEP = "activations run step by step, which is slower"
_log = get_logger("fused")


@runtime_checkable
class SineActivation(Protocol):
    """An activation u + magnitude · sin²(αu) by channel."""

    def coefficients(self) -> tuple[Tensor, Tensor]:
        """α and magnitude, (C,) each."""


_allowed = True


class FusedActivation(AliasFreeActivation):
    """What an `AliasFreeActivation` of a `SineActivation` computes, in one pass on a CPU or a GPU.

    Args:
        module: with filters of `TAPS` and a ratio of `RATIO`; its parameters are shared, by the same names.
    """

    def __init__(self, module: AliasFreeActivation) -> None:
        super().__init__(module.activation, module.ratio, module.kernel_size)
        self.filter = module.filter

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T) → (B, C, T)."""
        if not can_fuse(x):
            return super().forward(x)
        return alias_free_snake(x, *self.coefficients(), self.filter.view(-1))

    def coefficients(self) -> tuple[Tensor, Tensor]:
        """α and magnitude, (C,) each."""
        return cast(SineActivation, self.activation).coefficients()


class FixedFusedActivation(FusedActivation):
    """A `FusedActivation` whose coefficients are computed once, since nothing trains them any more.

    At a pass a GPU has one operation to start in place of six.

    Args:
        module: as for `FusedActivation`.
    """

    alpha: Tensor
    magnitude: Tensor

    def __init__(self, module: AliasFreeActivation) -> None:
        super().__init__(module)
        with torch.no_grad():
            alpha, magnitude = super().coefficients()
        self.register_buffer("alpha", alpha.contiguous(), persistent=False)
        self.register_buffer("magnitude", magnitude.contiguous(), persistent=False)

    def coefficients(self) -> tuple[Tensor, Tensor]:
        """α and magnitude, (C,) each."""
        return self.alpha, self.magnitude


@replaces(AliasFreeActivation, trains=True)
def fuse(module: AliasFreeActivation, setting: Setting | None = None) -> FusedActivation | None:
    """The fused activation in the place of one of the published sizes; None for another."""
    sizes = module.ratio, module.kernel_size
    fits = isinstance(module.activation, SineActivation) and sizes == (RATIO, TAPS)
    if not fits or type(module) is not AliasFreeActivation:
        return None
    return FusedActivation(module) if setting is None or setting.trains else FixedFusedActivation(module)


def use_kernels(allowed: bool) -> None:
    """Whether this process may run activations in compiled passes, which is the default."""
    global _allowed
    _allowed = allowed


def can_fuse(x: Tensor) -> bool:
    """Whether `alias_free_snake` takes this input (B, C, T): on a CPU or GPU, and no graph is recorded."""
    return (
        _allowed
        and x.dtype in DTYPES.get(x.device.type, ())
        and x.numel() > 0
        and not torch.jit.is_tracing()
        and not torch.compiler.is_compiling()
        and (kernels() if x.device.type == "cpu" else gpu_kernels(x.device, x.dtype)) is not None
    )


def alias_free_snake(x: Tensor, alpha: Tensor, magnitude: Tensor, taps: Tensor) -> Tensor:
    """Upsample by 2, u + magnitude · sin²(αu), downsample by 2.

    Args:
        x: (B, C, T); 16 bits are computed in float32.
        alpha, magnitude: (C,)
        taps: (12,) of both filters, which sum to 1.

    Returns:
        (B, C, T), as `AliasFreeActivation` has it within 5e-6 of the standard deviation in float32.
    """
    note_kernel("alias_free_snake")
    if x.device.type == "cuda":
        return _on_gpu(x, alpha.float(), magnitude.float(), taps.float())
    dtype = torch.float64 if x.dtype == torch.float64 else torch.float32
    y: Tensor = _AliasFreeSnake.apply(x.to(dtype), alpha.to(dtype), magnitude.to(dtype), taps.to(dtype))
    return y.to(x.dtype)


@cache
def kernels() -> ModuleType | None:
    """The compiled passes; None, with one line in the log, where numba can't be had."""
    return made_or_none(_import_kernels, _log, f"{_BY_STEP}: numba is of no use here")


def _import_kernels() -> ModuleType:
    from hiervox.modules.kernels import activation_numba

    return activation_numba


@cache
def gpu_kernels(device: torch.device, dtype: torch.dtype) -> ModuleType | None:
    """Triton's passes, tried on 16 samples; None, with one line in the log, where they can't be had."""
    tried = partial(_try_gpu_kernels, device, dtype)
    return made_or_none(tried, _log, f"{_BY_STEP}: Triton is of no use here")


def _try_gpu_kernels(device: torch.device, dtype: torch.dtype) -> ModuleType:
    from hiervox.modules.kernels import activation_triton

    notice = announced(_log, "preparing the fused activation for this GPU")
    with torch.inference_mode(False), torch.no_grad(), notice:
        x, channel = torch.zeros(1, 1, 16, dtype=dtype, device=device), torch.ones(1, device=device)
        taps = torch.full((TAPS,), 1 / TAPS, device=device)
        activation_triton.forward_pass(x, channel, channel, taps)
        activation_triton.backward_pass(x, x, channel, channel, taps)
        torch.cuda.synchronize(device)
    return activation_triton


def _on_gpu(x: Tensor, alpha: Tensor, magnitude: Tensor, taps: Tensor) -> Tensor:
    arguments = (tensor.contiguous() for tensor in (x, alpha, magnitude, taps))
    y: Tensor = _AliasFreeSnakeOnGPU.apply(*arguments)
    return y


class _AliasFreeSnakeOnGPU(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, alpha: Tensor, magnitude: Tensor, taps: Tensor) -> Tensor:
        from hiervox.modules.kernels.activation_triton import forward_pass

        ctx.save_for_backward(x, alpha, magnitude, taps)
        return forward_pass(x, alpha, magnitude, taps)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        from hiervox.modules.kernels.activation_triton import backward_pass

        x, *constants = ctx.saved_tensors
        return *backward_pass(x, gradient.contiguous(), *constants), None


class _AliasFreeSnake(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, alpha: Tensor, magnitude: Tensor, taps: Tensor) -> Tensor:
        alpha, magnitude = alpha.contiguous(), magnitude.contiguous()
        samples_first = x.transpose(1, 2)
        if samples_first.is_contiguous() and not x.is_contiguous() and not any(ctx.needs_input_grad):
            y = torch.empty_like(samples_first)
            arguments = (samples_first, alpha, magnitude, RATIO * taps, taps, y)
            _run("forward_channels_last", x.dtype, x.numel(), *arguments)
            return y.transpose(1, 2)
        x = x.contiguous()
        ctx.save_for_backward(x, alpha, magnitude, taps)
        y = torch.empty_like(x)
        arguments = (_rows(x), alpha, magnitude, RATIO * taps, taps, _rows(y))
        _run("forward", x.dtype, x.numel(), *arguments)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        x, alpha, magnitude, taps = ctx.saved_tensors
        by_x = torch.empty_like(x)
        sums = torch.empty(2, x.shape[0], x.shape[1], dtype=torch.float64)
        arguments = (_rows(x), _rows(gradient.contiguous()), alpha, magnitude, RATIO * taps, taps)
        _run("backward", x.dtype, x.numel(), *arguments, _rows(by_x), sums[0].view(-1), sums[1].view(-1))
        by_alpha, by_magnitude = sums.sum(dim=1).to(x.dtype)
        return by_x, by_alpha, by_magnitude, None


def _rows(x: Tensor) -> Tensor:
    """(B, C, T) → (B * C, T)."""
    return x.detach().view(-1, x.shape[-1])


def _run(name: str, dtype: torch.dtype, values: int, rows: Tensor, *others: Tensor) -> None:
    """Call a kernel on equal shares of the rows, or of chunks of samples, one for each of torch's threads."""
    kernel = _ready(name, dtype)
    arrays = [tensor.detach().numpy() for tensor in (rows, *others)]
    count = rows.shape[0]
    if name == "forward_channels_last":
        compiled = kernels()
        assert compiled is not None
        count *= -(-rows.shape[1] // compiled.chunk_samples.py_func(rows.shape[2]))
    threads = min(torch.get_num_threads(), max(1, values // LEAST_VALUES_A_THREAD))
    run_shares(lambda first, last: kernel(*arrays, first, last), count, threads)


@cache
def _ready(name: str, dtype: torch.dtype) -> Callable[..., None]:
    """A kernel, compiled or read from numba's cache by a call on one sample."""
    compiled = kernels()
    assert compiled is not None
    kernel: Callable[..., None] = getattr(compiled, name)
    row, channel, taps = (
        torch.zeros(1, 1, dtype=dtype),
        torch.ones(1, dtype=dtype),
        torch.ones(TAPS, dtype=dtype),
    )
    total = torch.zeros(1, dtype=torch.float64)
    sample = row.unsqueeze(0)
    arguments = {
        "forward_channels_last": (sample, channel, channel, taps, taps, sample.clone()),
        "forward": (row, channel, channel, taps, taps, row.clone()),
        "backward": (row, row.clone(), channel, channel, taps, taps, row.clone(), total, total.clone()),
    }
    with announced(_log, "preparing the fused activation for this processor"):
        kernel(*(tensor.numpy() for tensor in arguments[name]), 0, 1)
    return kernel
