"""Tests of `hiervox.modules.attention.self_attention`."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from hiervox.modules.attention.self_attention import KeyValueCache, SelfAttention

CHANNELS, HEADS = 8, 2


def _twins() -> tuple[SelfAttention, nn.MultiheadAttention]:
    """Ours and torch's with the same weights."""
    own, other = SelfAttention(CHANNELS, HEADS), nn.MultiheadAttention(CHANNELS, HEADS, batch_first=True)
    other.load_state_dict(
        {
            "in_proj_weight": own.query_key_value.weight,
            "in_proj_bias": own.query_key_value.bias,
            "out_proj.weight": own.projection.weight,
            "out_proj.bias": own.projection.bias,
        }
    )
    return own, other


def test_it_is_torchs_attention_under_a_mask() -> None:
    own, other = _twins()
    x, seen = torch.randn(2, 5, CHANNELS), torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]]) > 0
    expected, _ = other(x, x, x, key_padding_mask=~seen)
    torch.testing.assert_close(own(x, seen[:, None, None]), expected)


def test_step_by_step_with_a_cache_is_causal_attention() -> None:
    attention, x = SelfAttention(CHANNELS, HEADS), torch.randn(1, 4, CHANNELS)
    whole = attention(x, torch.ones(4, 4).tril().bool()[None, None])
    cache = KeyValueCache()
    steps = [attention(x[:, place : place + 1], cache=cache) for place in range(4)]
    torch.testing.assert_close(torch.cat(steps, dim=1), whole)


def test_heads_must_divide_channels() -> None:
    with pytest.raises(ValueError, match="heads"):
        SelfAttention(8, 3)
