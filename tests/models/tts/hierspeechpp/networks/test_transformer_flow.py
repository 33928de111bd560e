"""Tests of `hiervox.models.tts._hierarchy.networks.transformer_flow`."""

from __future__ import annotations

import pytest
import torch

from hiervox.models.tts._hierarchy.networks.transformer_flow import TransformerFlowSizes, transformer_flow
from hiervox.modules.flows.coupling_flow import CouplingFlow

SIZES = TransformerFlowSizes(hidden_channels=8, n_heads=2, n_blocks=2, n_couplings=3)


@pytest.fixture
def flow() -> CouplingFlow:
    """Not at its identity start."""
    torch.manual_seed(0)
    flow = transformer_flow(SIZES, channels=6, style_channels=5).eval()
    with torch.no_grad():
        for parameter in flow.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return flow


@torch.no_grad()
def test_reverse_undoes_forward_in_both_orders(flow: CouplingFlow) -> None:
    z, mask, style = torch.randn(2, 6, 9), torch.ones(2, 1, 9), torch.randn(2, 5, 1)
    mask[1, :, 6:] = 0
    z = z * mask
    there = flow(z, mask, style)
    assert not torch.allclose(there, z, atol=0.1)
    torch.testing.assert_close(flow(there, mask, style, reverse=True), z, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(flow(flow(z, mask, style, reverse=True), mask, style), z, atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_padding_does_not_change_real_frames(flow: CouplingFlow) -> None:
    z, mask, style = torch.randn(1, 6, 9), torch.ones(1, 1, 9), torch.randn(1, 5, 1)
    mask[..., 6:] = 0
    padded = flow(z * mask, mask, style)
    torch.testing.assert_close(padded[..., :6], flow(z[..., :6], mask[..., :6], style))
    assert not padded[..., 6:].any()


@torch.no_grad()
def test_volume_is_preserved(flow: CouplingFlow) -> None:
    mask, style = torch.ones(1, 1, 4), torch.randn(1, 5, 1)
    jacobian = torch.autograd.functional.jacobian(lambda z: flow(z, mask, style), torch.randn(1, 6, 4))
    assert abs(torch.linalg.slogdet(jacobian.reshape(24, 24)).logabsdet) < 1e-4


@torch.no_grad()
def test_style_counts(flow: CouplingFlow) -> None:
    z, mask = torch.randn(1, 6, 9), torch.ones(1, 1, 9)
    assert not torch.allclose(flow(z, mask, torch.ones(1, 5, 1)), flow(z, mask, torch.zeros(1, 5, 1)))


@torch.no_grad()
def test_starts_as_channel_reversals_alone() -> None:
    z, mask = torch.randn(1, 6, 9), torch.ones(1, 1, 9)
    flow = transformer_flow(SIZES, channels=6, style_channels=5)
    torch.testing.assert_close(flow(z, mask, torch.randn(1, 5, 1)), z.flip(1))
