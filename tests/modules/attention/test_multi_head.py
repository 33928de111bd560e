"""Tests of `hiervox.modules.attention.multi_head`."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from hiervox.modules.attention.multi_head import MultiHeadAttention


def direct_attention(network: MultiHeadAttention, x: Tensor) -> Tensor:
    """Relative attention written out by its definition, one head and one query at a time."""
    size, window = network.head_channels, network.window_size or 0
    query, key, value = network.query(x)[0], network.key(x)[0], network.value(x)[0]
    length = x.shape[-1]
    heads = []
    for head in range(network.n_heads):
        rows = slice(head * size, (head + 1) * size)
        columns = []
        for i in range(length):
            keys, values = [], []
            for j in range(length):
                near = abs(j - i) <= window
                bias_key = network.relative_keys[0, j - i + window] if near else torch.zeros(size)
                bias_value = network.relative_values[0, j - i + window] if near else torch.zeros(size)
                keys.append(query[rows, i] @ (key[rows, j] + bias_key) / math.sqrt(size))
                values.append(value[rows, j] + bias_value)
            columns.append(torch.stack(keys).softmax(0) @ torch.stack(values))
        heads.append(torch.stack(columns, dim=1))
    return network.output(torch.cat(heads)[None])


@pytest.mark.parametrize("length", [1, 2, 5, 12])
@torch.no_grad()
def test_relative_positions_are_those_of_the_definition(length: int) -> None:
    torch.manual_seed(0)
    network = MultiHeadAttention(8, 2, window_size=3)
    x = torch.randn(1, 8, length)
    torch.testing.assert_close(network(x, x), direct_attention(network, x))


@torch.no_grad()
def test_masked_context_is_not_seen() -> None:
    network = MultiHeadAttention(8, 2, window_size=2)
    x, mask = torch.randn(1, 8, 9), torch.ones(1, 1, 9)
    mask[..., 6:] = 0
    torch.testing.assert_close(network(x, x, mask)[..., :6], network(x[..., :6], x[..., :6]))


@torch.no_grad()
def test_context_may_be_of_another_length() -> None:
    network = MultiHeadAttention(8, 4)
    assert network(torch.randn(2, 8, 3), torch.randn(2, 8, 7)).shape == (2, 8, 3)


def test_proximal_start_has_equal_queries_and_keys() -> None:
    network = MultiHeadAttention(8, 2, proximal_init=True)
    assert torch.equal(network.query.weight, network.key.weight)
    assert torch.equal(network.query.bias, network.key.bias)


def test_heads_that_do_not_divide_the_channels_are_refused() -> None:
    with pytest.raises(ValueError, match="3 heads"):
        MultiHeadAttention(8, 3)
