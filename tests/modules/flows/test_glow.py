"""Tests of `hiervox.modules.flows.glow`."""

from __future__ import annotations

import torch

from hiervox.modules.flows.glow import GlowFlow, GlowSizes


def test_a_frame_depends_on_its_context_alone() -> None:
    torch.manual_seed(0)
    flow = GlowFlow(
        4, 0, GlowSizes(n_blocks=2, hidden_channels=6, n_layers=2, dilation_rate=2, kernel_size=3)
    )
    for parameter in flow.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    frame = 60
    for apply in (lambda x, mask: flow(x, mask)[0], flow.inverse):
        reached = set()
        for place in (frame, frame + 1):  # the first and the second of a squeezed pair
            x = torch.randn(1, 4, 2 * frame, requires_grad=True)
            apply(x, torch.ones(1, 1, 2 * frame))[0, :, place].sum().backward()
            assert x.grad is not None
            places = x.grad[0].abs().sum(0).nonzero()
            reached |= {place - int(places.min()), int(places.max()) - place}
        assert max(reached) == flow.context
