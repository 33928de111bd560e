"""Tests of `hiervox.models.enhancement.mp_senet.networks.grid_conformer`."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from hiervox.models.enhancement.mp_senet.networks.grid_conformer import (
    ConvolutionModule,
    GridConformer,
    NormalizedSelfAttention,
)

CHANNELS = 8


def _block() -> GridConformer:
    torch.manual_seed(0)
    return GridConformer(CHANNELS, n_heads=2, kernel_size=5).eval()


def _dependence(network: nn.Module, x: Tensor, cell: tuple[int, int]) -> Tensor:
    """(M, N), whether the output at a cell depends on the input at each."""
    x = x.clone().requires_grad_()
    network(x)[(0, *cell)].square().sum().backward()
    assert x.grad is not None
    return x.grad[0].abs().sum(-1) > 0


def test_attends_along_one_axis_and_convolves_along_the_other() -> None:
    depends = _dependence(_block(), torch.randn(1, 4, 9, CHANNELS), (1, 4))
    columns = depends.any(0).nonzero().view(-1).tolist()
    assert columns == [2, 3, 4, 5, 6]  # the kernel's
    assert depends[:, 4].all()


def test_items_of_a_batch_do_not_see_each_other() -> None:
    block, x = _block(), torch.randn(3, 4, 6, CHANNELS)
    with torch.no_grad():
        alone = torch.cat([block(item[None]) for item in x])
        torch.testing.assert_close(block(x), alone)


@pytest.mark.parametrize("piece", [1, 7, 13, 1000])
def test_pieces_give_the_same(piece: int) -> None:
    block, x = _block(), torch.randn(2, 5, 7, CHANNELS)
    with torch.no_grad():
        whole = block(x)
        block.piece = piece
        torch.testing.assert_close(block(x), whole)


def test_attention_is_torchs() -> None:
    attention = NormalizedSelfAttention(CHANNELS, n_heads=2, dropout=0.3).eval()
    other = nn.MultiheadAttention(CHANNELS, 2, batch_first=True).eval()
    with torch.no_grad():
        other.in_proj_weight.copy_(attention.query_key_value.weight)
        assert other.in_proj_bias is not None
        other.in_proj_bias.copy_(attention.query_key_value.bias)
        other.out_proj.load_state_dict(attention.projection.state_dict())
        x = torch.randn(3, 6, CHANNELS)
        normalized = attention.norm(x)
        torch.testing.assert_close(attention(x), other(normalized, normalized, normalized)[0])


def test_convolution_module_is_that_of_one_dimension() -> None:
    convolution = ConvolutionModule(CHANNELS, kernel_size=5)
    convolution(torch.randn(4, 9, CHANNELS))  # running statistics
    convolution.eval()
    x = torch.randn(2, 9, CHANNELS)
    with torch.no_grad():
        gated = nn.functional.glu(convolution.gate(convolution.norm(x)), dim=-1)
        mixed = convolution.batch_norm(convolution.depthwise(gated.mT))
        expected = convolution.output(nn.functional.silu(mixed).mT)
        torch.testing.assert_close(convolution(x), expected)


def test_heads_must_divide_channels() -> None:
    with pytest.raises(ValueError, match="heads"):
        NormalizedSelfAttention(8, 3, 0.0)
