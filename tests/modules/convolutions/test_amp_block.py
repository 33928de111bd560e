"""Tests of `hiervox.modules.convolutions.amp_block`."""

from __future__ import annotations

import torch

from hiervox.modules.convolutions.amp_block import AMPBlock
from hiervox.modules.normalization.weight_norm import remove_weight_norm


def test_shape_gradients_and_parameter_count() -> None:
    block = AMPBlock(4, 3, (1, 3, 5))
    x = torch.randn(2, 4, 50, requires_grad=True)
    block(x).square().mean().backward()
    assert block(x).shape == x.shape
    assert all(parameter.grad is not None for parameter in block.parameters())
    remove_weight_norm(block)
    convolutions, activations = 6 * (4 * 4 * 3 + 4), 6 * 2 * 4
    assert sum(parameter.numel() for parameter in block.parameters()) == convolutions + activations


def test_activations_alternate_between_dilated_and_plain_convolutions() -> None:
    block = AMPBlock(2, 3, (1, 2)).eval()
    for parameter in block.parameters():
        torch.nn.init.normal_(parameter)
    x = torch.randn(1, 2, 20)
    y = x + block.plain_convs[0](block.activations[1](block.dilated_convs[0](block.activations[0](x))))
    y = y + block.plain_convs[1](block.activations[3](block.dilated_convs[1](block.activations[2](y))))
    torch.testing.assert_close(block(x), y)


def test_zero_convolutions_leave_the_input() -> None:
    block = AMPBlock(3, 5, (1, 3))
    remove_weight_norm(block)
    for conv in block.plain_convs:
        torch.nn.init.zeros_(conv.weight)
        torch.nn.init.zeros_(conv.bias)
    x = torch.randn(1, 3, 30)
    torch.testing.assert_close(block(x), x)


def test_trains_under_autocast() -> None:
    block = AMPBlock(4, 3, (1, 3))
    x = torch.randn(2, 4, 50)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = block(x)
    y.float().square().mean().backward()
    torch.testing.assert_close(y.float(), block(x), atol=0.05, rtol=0.05)
    assert all(torch.isfinite(parameter.grad).all() for parameter in block.parameters())
