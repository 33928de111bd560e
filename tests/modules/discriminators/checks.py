"""What holds for every discriminator."""

from __future__ import annotations

import torch
from torch import nn


def check_outputs(discriminator: nn.Module, members: int, samples: int) -> list[list[torch.Size]]:
    """Logits and maps of `members` discriminators, gradients for everything. Returns the maps' shapes."""
    wav = torch.randn(2, 1, samples, requires_grad=True)
    outputs = discriminator(wav)
    assert len(outputs) == members
    for own_logits, maps, _ in outputs:
        assert own_logits.shape == (2, own_logits.shape[1])
        assert torch.equal(own_logits, maps[-1].flatten(1))
        assert all(torch.isfinite(feature).all() for feature in maps)
    total = torch.stack([output.logits.square().mean() for output in outputs]).sum()
    total.backward()
    assert wav.grad is not None and wav.grad.abs().sum() > 0
    for name, parameter in discriminator.named_parameters():
        assert parameter.grad is not None, name
    return [[feature.shape for feature in maps] for _, maps, _ in outputs]
