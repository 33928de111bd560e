"""Couplings in a row."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hiervox.modules.flows.coupling_flow import CouplingFlow


class _Shift(nn.Module):
    """Adds the first half of the channels and the condition, times a factor, to the second half."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(
        self, z: Tensor, mask: Tensor, condition: Tensor | None = None, reverse: bool = False
    ) -> Tensor:
        kept, moved = z.chunk(2, dim=1)
        shift = self.factor * (kept if condition is None else kept + condition) * mask
        return torch.cat([kept, moved - shift if reverse else moved + shift], dim=1)


def test_reverse_undoes_forward_and_channels_are_reversed_between() -> None:
    flow = CouplingFlow([_Shift(2.0), _Shift(3.0)])
    z, mask, style = torch.randn(1, 2, 4), torch.ones(1, 1, 4), torch.randn(1, 1, 1)
    first, second = z.unbind(1)
    once = second + 2 * (first + style[:, 0])  # stands first now, and shifts what was first
    expected = torch.stack([first + 3 * (once + style[:, 0]), once], dim=1)
    torch.testing.assert_close(flow(z, mask, style), expected)
    torch.testing.assert_close(flow(flow(z, mask, style), mask, style, reverse=True), z)


def test_couplings_take_what_the_condition_makes_of_the_style() -> None:
    z, mask, style = torch.randn(1, 2, 4), torch.ones(1, 1, 4), torch.randn(1, 3, 1)
    condition = nn.Conv1d(3, 1, 1)
    flow = CouplingFlow([_Shift(1.0)], condition=condition)
    plain = CouplingFlow([_Shift(1.0)])
    torch.testing.assert_close(flow(z, mask, style), plain(z, mask, condition(style)))
    torch.testing.assert_close(flow(z, mask), plain(z, mask))
