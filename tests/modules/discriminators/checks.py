"""What holds for every discriminator."""

from __future__ import annotations

import torch
from torch import nn


def check_judgement(discriminator: nn.Module, members: int, samples: int) -> list[list[torch.Size]]:
    """Logits and maps of `members` discriminators, gradients for everything. Returns the maps' shapes."""
    wav = torch.randn(2, 1, samples, requires_grad=True)
    logits, features = discriminator(wav)
    assert len(logits) == len(features) == members
    for own_logits, maps in zip(logits, features, strict=True):
        assert own_logits.shape == (2, own_logits.shape[1])
        assert torch.equal(own_logits, maps[-1].flatten(1))
        assert all(torch.isfinite(feature).all() for feature in maps)
    total = torch.stack([own_logits.square().mean() for own_logits in logits]).sum()
    total.backward()
    assert wav.grad is not None and wav.grad.abs().sum() > 0
    for name, parameter in discriminator.named_parameters():
        assert parameter.grad is not None, name
    return [[feature.shape for feature in maps] for maps in features]
