"""Several discriminators as one network."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

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

    def forward(self, wav: Tensor) -> list[DiscriminatorOutput]:
        """wav (B, 1, T) → the outputs of all sub-discriminators in the members' order, with their weights."""
        outputs = []
        for name, member in self.members.items():
            weight = self.weights.get(name, 1.0)
            outputs += [output._replace(weight=output.weight * weight) for output in member(wav)]
        return outputs
