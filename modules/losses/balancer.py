"""Gradients of several losses brought to given shares at a network's output (EnCodec, section 3.4)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

EPSILON = 1e-12  # EnCodec's published code


class LossBalancer(nn.Module):
    """Scales each loss's gradient by its share over a running mean of its norm.

    What a weight says then does not depend on the scale of its loss.

    Args:
        weights: of the losses, by name.
        total_norm: of the weighted sum, were all gradients of their mean norm and parallel.
        decay: of the running means.

    Attributes:
        sums, counts: (number of losses,), the running means' numerators and denominators.
    """

    sums: Tensor
    counts: Tensor

    def __init__(self, weights: Mapping[str, float], total_norm: float = 1.0, decay: float = 0.999) -> None:
        super().__init__()
        self.names = tuple(weights)
        total = sum(weights.values())
        self.shares = {name: weight / total for name, weight in weights.items()}
        self.total_norm = total_norm
        self.decay = decay
        self.register_buffer("sums", torch.zeros(len(weights)))
        self.register_buffer("counts", torch.zeros(len(weights)))

    def forward(self, losses: Mapping[str, Tensor], output: Tensor) -> Tensor:
        """A scalar whose gradient at `output` is the balanced one; its value has no meaning.

        The running means move on with each call in training mode.

        Args:
            losses: by the names of the weights.
            output: (B, …) of the network, on which the losses depend.
        """
        gradients = {
            name: torch.autograd.grad(losses[name], output, retain_graph=True)[0] for name in self.names
        }
        norms = torch.stack([_mean_norm(gradients[name]) for name in self.names])
        means = self._averaged(norms)
        balanced = sum(
            gradients[name] * (self.shares[name] * self.total_norm / (mean + EPSILON))
            for name, mean in zip(self.names, means, strict=True)
        )
        assert isinstance(balanced, Tensor)
        return (output * balanced.detach()).sum()

    def _averaged(self, norms: Tensor) -> Tensor:
        if self.training:
            self.sums.mul_(self.decay).add_(norms.to(self.sums.dtype))
            self.counts.mul_(self.decay).add_(1)
        return self.sums / self.counts.clamp_min(1)


def _mean_norm(gradient: Tensor) -> Tensor:
    """Norm of each item's gradient, averaged over the batch."""
    return gradient.flatten(1).norm(dim=1).mean()
