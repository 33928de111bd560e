from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from hiervox.modules.predictors.stochastic_duration import (
    DurationFlow,
    StochasticDurationPredictor,
    StochasticDurationSizes,
)


def shake(module: nn.Module) -> nn.Module:
    """Random weights everywhere, so that nothing is zero by initialisation."""
    torch.manual_seed(0)
    for parameter in module.parameters():
        nn.init.normal_(parameter, 0.0, 0.2)
    return module


def inputs(n_tokens: int = 6) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    torch.manual_seed(1)
    hidden, style = torch.randn(2, 8, n_tokens), torch.randn(2, 4, 1)
    mask = torch.ones(2, 1, n_tokens)
    mask[1, :, n_tokens - 2 :] = 0
    return hidden, mask, style, torch.randint(1, 6, (2, 1, n_tokens)) * mask


def predictor() -> StochasticDurationPredictor:
    module = StochasticDurationPredictor(
        8, StochasticDurationSizes(filter_channels=8, dropout=0.0), style_channels=4
    )
    shake(module)
    return module


def test_flow_inverse_restores_the_duration_channel() -> None:
    flow = DurationFlow(8, 3, n_couplings=4)
    shake(flow)
    mask, condition, data = inputs()[1], torch.randn(2, 8, 6), torch.randn(2, 2, 6)
    data = data * mask
    z, _ = flow(data, mask, condition)
    torch.testing.assert_close(flow.inverse(z, mask, condition)[:, 0], data[:, 0], atol=1e-3, rtol=1e-3)


def test_flow_log_determinant_is_that_of_the_jacobian() -> None:
    flow = DurationFlow(8, 3, n_couplings=3)
    shake(flow)
    mask, condition, data = torch.ones(1, 1, 3), torch.randn(1, 8, 3), torch.randn(1, 2, 3)
    jacobian = torch.autograd.functional.jacobian(lambda x: flow(x, mask, condition)[0], data).reshape(6, 6)
    _, log_determinant = flow(data, mask, condition)
    assert log_determinant.item() == pytest.approx(torch.linalg.slogdet(jacobian)[1].item(), abs=1e-3)


def test_bound_is_above_the_integral_over_the_dequantised_durations() -> None:
    """The negative bound is at least -log p(d), which for one token is an integral that a grid can take."""
    module = predictor().eval()
    hidden, mask, style = torch.randn(1, 8, 1), torch.ones(1, 1, 1), torch.randn(1, 4, 1)
    duration = 3.0
    dequantiser = (torch.arange(200) + 0.5) / 200
    augmentation = torch.linspace(-12, 12, 400)
    log_duration = (duration - dequantiser).log().repeat_interleave(400)
    points = torch.stack([log_duration, augmentation.repeat(200)], 0).T.unsqueeze(2)
    ones = torch.ones(len(points), 1, 1)
    with torch.no_grad():
        condition = module.text_post(
            module.text_convs(module.text_pre(hidden) + module.style_projection(style), mask)
        )
        z, log_determinant = module.flow(points, ones, condition.expand(len(points), -1, -1))
        log_density = (
            -0.5 * (math.log(2 * math.pi) + z.square()).sum((1, 2)) + log_determinant - points[:, 0, 0]
        )  # the last is the derivative of the logarithm
        cell = (1 / 200) * (24 / 399)
        exact = -float(torch.logsumexp(log_density, 0) + math.log(cell))
        draws = [
            tensor.expand(400, -1, -1) for tensor in (hidden, mask, style, torch.full((1, 1, 1), duration))
        ]
        bounds = module(*draws)
    assert float(bounds.mean()) > exact - 3 * float(bounds.std()) / math.sqrt(400)
    assert float(bounds.mean()) < exact + 20  # loose, but of the same size


def test_bound_falls_when_trained_on_fixed_durations() -> None:
    torch.manual_seed(0)
    module = StochasticDurationPredictor(
        8, StochasticDurationSizes(filter_channels=16, dropout=0.0), style_channels=4
    )
    hidden, mask, style, durations = inputs()
    optimizer = torch.optim.Adam(module.parameters(), 1e-2)
    values = []
    for _ in range(40):
        value = module(hidden, mask, style, durations).sum() / mask.sum()
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        values.append(value.item())
    assert sum(values[-5:]) / 5 < sum(values[:5]) / 5 - 0.5


def test_no_gradient_reaches_the_text() -> None:
    hidden, mask, style, durations = inputs()
    hidden.requires_grad_()
    predictor()(hidden, mask, style, durations).sum().backward()
    assert hidden.grad is None


def test_sampling_one_item_of_a_batch_alone_gives_the_same() -> None:
    module = predictor().eval()
    hidden, mask, style, _ = inputs()
    together = module.sample(hidden, mask, style, noise_scale=0.0)
    alone = module.sample(hidden[1:, :, :4], mask[1:, :, :4], style[1:], noise_scale=0.0)
    torch.testing.assert_close(together[1:, :, :4], alone, atol=1e-5, rtol=1e-5)


def test_noise_comes_from_the_generator() -> None:
    module = predictor().eval()
    hidden, mask, style, _ = inputs()
    first, second = (
        module.sample(hidden, mask, style, 1.0, torch.Generator().manual_seed(3)) for _ in range(2)
    )
    assert torch.equal(first, second)
    assert not torch.equal(first, module.sample(hidden, mask, style, 0.0))
