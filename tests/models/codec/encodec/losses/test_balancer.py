"""The balancer of losses."""

from __future__ import annotations

import torch

from hiervox.models.codec.encodec.losses.balancer import LossBalancer


def test_shares_do_not_depend_on_the_scale_of_a_loss() -> None:
    torch.manual_seed(2)
    gradients = []
    for scale in (1.0, 1000.0):
        torch.manual_seed(2)
        y, target = torch.randn(2, 1, 50, requires_grad=True), torch.randn(2, 1, 50)
        losses = {"l1": scale * (y - target).abs().mean(), "l2": (y - target).square().mean()}
        LossBalancer({"l1": 1.0, "l2": 3.0})(losses, y).backward()
        gradients.append(y.grad)
    assert gradients[0] is not None and gradients[1] is not None
    torch.testing.assert_close(gradients[0], gradients[1])


def test_the_running_means_rest_in_eval_mode() -> None:
    balancer = LossBalancer({"l1": 1.0})
    y = torch.randn(2, 1, 5, requires_grad=True)
    balancer({"l1": y.abs().mean()}, y)
    before = balancer.state_dict()["sums"].clone()
    balancer.eval()({"l1": 9 * y.abs().mean()}, y)
    assert before > 0 and torch.equal(balancer.sums, before)
