"""Several discriminators as one network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.parametrizations import _SpectralNorm

from hiervox.modules.discriminators.stack import DiscriminatorOutput


class DiscriminatorEnsemble(nn.Module):
    """Discriminators by name.

    Args:
        members: by name, which is their place in the state dict.
        weights: of their terms in the losses; 1 where none is given.
    """

    def __init__(self, members: Mapping[str, nn.Module], weights: Mapping[str, float] | None = None) -> None:
        super().__init__()
        self.members = nn.ModuleDict(members)
        self.weights = dict(weights or {})

    def forward(self, wav: Tensor, batches: Sequence[int] = ()) -> list[DiscriminatorOutput]:
        """The outputs of all sub-discriminators in the members' order, with their weights.

        Args:
            wav: (B, 1, T).
            batches: how many items in turn are a batch of their own, for members to which that matters; all
                are one where none is given.
        """
        outputs = []
        for name, member in self.members.items():
            weight = self.weights.get(name, 1.0)
            parts = wav.split(list(batches)) if len(batches) > 1 and depends_on_calls(member) else (wav,)
            for found in zip(*(member(part) for part in parts), strict=True):
                output = found[0] if len(parts) == 1 else _joined(found)
                outputs.append(output._replace(weight=output.weight * weight))
        return outputs


def depends_on_calls(network: nn.Module) -> bool:
    """Whether two calls give something else than one with both batches: normalisation over a batch, and
    spectral norm, which improves its estimate at each call."""
    return any(isinstance(module, _BatchNorm | _SpectralNorm) for module in network.modules())


def _joined(outputs: Sequence[DiscriminatorOutput]) -> DiscriminatorOutput:
    """The outputs of one sub-discriminator on several batches as those on one."""
    maps = [torch.cat(features) for features in zip(*(output.features for output in outputs), strict=True)]
    return DiscriminatorOutput(torch.cat([output.logits for output in outputs]), maps, outputs[0].weight)
