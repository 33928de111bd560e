"""Tests of `hiervox.models.tts.valle.recorded_attention`."""

from __future__ import annotations

import torch

from hiervox.models.tts.valle.recorded_attention import recorded_attention
from hiervox.modules.attention.self_attention import SelfAttention


def test_layers_are_noted_within_the_block_alone() -> None:
    layers = [SelfAttention(8, 2) for _ in range(2)]
    x, mask = torch.randn(1, 3, 8), torch.ones(1, 1, 3, 3).tril().bool()
    with recorded_attention(layers[1:]) as weights:
        for layer in layers:
            layer(x, mask)
    layers[1](x, mask)
    (noted,) = weights
    torch.testing.assert_close(noted, layers[1].weights(x, mask))
    assert noted.requires_grad
