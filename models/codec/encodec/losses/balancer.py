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
        self.weights = dict(weights)
        self.total_norm = total_norm
        self.decay = decay
        self.register_buffer("sums", torch.zeros(len(weights)))
        self.register_buffer("counts", torch.zeros(len(weights)))

    def forward(self, losses: Mapping[str, Tensor], output: Tensor) -> Tensor:
        """A scalar whose gradient at `output` is the balanced one; its value has no meaning.

        The running means of these losses move on with each call in training mode.

        Args:
            losses: by names among those of the weights; shares are relative to these.
            output: (B, …) of the network, on which the losses depend.
        """
        places = [self.names.index(name) for name in losses]
        gradients = [
            torch.autograd.grad(loss, output, retain_graph=True)[0].float() for loss in losses.values()
        ]
        means = self._averaged(places, torch.stack([_mean_norm(gradient) for gradient in gradients]))
        shares = [self.weights[name] for name in losses]
        scales = self.total_norm / sum(shares) / (means + EPSILON)
        balanced = sum(
            gradient * (share * scale)
            for gradient, share, scale in zip(gradients, shares, scales, strict=True)
        )
        assert isinstance(balanced, Tensor)
        return (output * balanced.detach()).sum()

    def _averaged(self, places: list[int], norms: Tensor) -> Tensor:
        if self.training:
            self.sums[places] = self.sums[places] * self.decay + _averaged_over_processes(norms)
            self.counts[places] = self.counts[places] * self.decay + 1
        return self.sums[places] / self.counts[places].clamp_min(1)


def _mean_norm(gradient: Tensor) -> Tensor:
    """Norm of each item's gradient, averaged over the batch."""
    return gradient.flatten(1).norm(dim=1).mean()


def _averaged_over_processes(x: Tensor) -> Tensor:
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.all_reduce(x)
        return x / torch.distributed.get_world_size()
    return x
