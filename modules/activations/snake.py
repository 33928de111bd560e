"""Snake activations: periodic, and so apt for waveforms."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

# Keeps the division finite, as in BigVGAN's published code.
_EPSILON = 1e-9


class _Snake(torch.autograd.Function):
    """x + magnitude · sin²(αx), with a gradient of its own.

    Step by step, autograd would keep four tensors of the input's size and run over twice as many in the
    backward pass, which at the higher rate of `AliasFreeActivation` is much of what training costs.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, alpha: Tensor, magnitude: Tensor) -> Tensor:
        sine = (x * alpha).sin_()
        ctx.save_for_backward(x, sine, alpha, magnitude)
        return torch.addcmul(x, sine.square(), magnitude)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x, sine, alpha, magnitude = ctx.saved_tensors
        slope = (x * alpha).cos_().mul_(sine).mul_(gradient)  # of sin², halved, times what comes from above
        by_alpha = 2 * magnitude * _channel_sums(slope, x)
        by_magnitude = _channel_sums(sine.square(), gradient)
        return torch.addcmul(gradient, slope, 2 * alpha * magnitude).to(x.dtype), by_alpha, by_magnitude


def _channel_sums(x: Tensor, y: Tensor) -> Tensor:
    """Sum of products over batch and time: (B, C, T) twice → (C, 1)."""
    return torch.linalg.vecdot(x, y.to(x.dtype)).sum(dim=0).unsqueeze(-1)


class Snake(nn.Module):
    """x + sin²(αx) / α with α learned per channel (Ziyin et al., arXiv 2006.08195, equation 3).

    Args:
        channels: C.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(channels))

    def magnitude(self) -> Tensor:
        """1 / α, (C,)."""
        return 1.0 / (self.alpha + _EPSILON)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T) → (B, C, T)."""
        output: Tensor = _Snake.apply(x, self.alpha.unsqueeze(-1), self.magnitude().unsqueeze(-1))
        return output


class SnakeBeta(nn.Module):
    """x + sin²(αx) / β with α (frequency) and β (1 / magnitude) learned per channel on a log scale.

    Snake: Ziyin et al., arXiv 2006.08195. The β of its own is from BigVGAN's published code.

    Args:
        channels: C.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.zeros(channels))
        self.beta = nn.Parameter(torch.zeros(channels))

    def coefficients(self) -> tuple[Tensor, Tensor]:
        """α and 1/β, (C,) each."""
        return self.alpha.exp(), 1.0 / (self.beta.exp() + _EPSILON)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T) → (B, C, T)."""
        alpha, magnitude = (coefficient.unsqueeze(-1) for coefficient in self.coefficients())
        if torch.is_grad_enabled():
            output: Tensor = _Snake.apply(x, alpha, magnitude)
            return output
        # Without gradients one buffer serves every step: on a CPU, memory traffic is what this costs.
        sine = (x * alpha).sin_()
        return torch.addcmul(x, sine.square_(), magnitude, out=sine)
