"""Several discriminators as one."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from hiervox.modules.discriminators.stack import Judgement


class DiscriminatorEnsemble(nn.Module):
    """Asks every member and returns all that they say.

    Args:
        members: by name, which is their place in the state dict.
    """

    def __init__(self, members: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleDict(members)

    def forward(self, wav: Tensor) -> Judgement:
        """wav (B, 1, T) → the members' logits and lists of feature maps, in their order."""
        logits: list[Tensor] = []
        features: list[list[Tensor]] = []
        for member in self.members.values():
            own_logits, own_features = member(wav)
            logits += own_logits
            features += own_features
        return logits, features
