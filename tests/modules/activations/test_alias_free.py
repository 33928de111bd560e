"""Tests of `hiervox.modules.activations.alias_free`."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from hiervox.modules.activations.alias_free import AliasFreeActivation, kaiser_sinc_filter
from hiervox.modules.activations.snake import SnakeBeta


def _by_definition(x: torch.Tensor, activation: nn.Module) -> torch.Tensor:
    """Insert zeros, filter, activate, filter, drop every second sample; edges repeated. Slow and plain."""
    taps = kaiser_sinc_filter(0.25, 0.3, 12)
    wide = F.pad(x, (6, 6), mode="replicate")
    stuffed = torch.zeros(*wide.shape[:-1], 2 * wide.shape[-1])
    stuffed[..., ::2] = 2 * wide
    length = 2 * x.shape[-1]
    # Twelve taps are centred between two samples; the first filter leans one way, the second the other.
    windows = stuffed.unfold(-1, 12, 1)[..., 12 - 6 : 12 - 6 + length, :]
    raised = activation((windows * taps).sum(-1))
    wide = F.pad(raised, (5, 6), mode="replicate")
    return (wide.unfold(-1, 12, 1)[..., :length:2, :] * taps).sum(-1)


@pytest.mark.parametrize("length", [1, 2, 5, 64])
def test_equals_the_definition(length: int) -> None:
    activation = SnakeBeta(3)
    nn.init.normal_(activation.alpha)
    nn.init.normal_(activation.beta)
    x = torch.randn(2, 3, length)
    torch.testing.assert_close(AliasFreeActivation(activation)(x), _by_definition(x, activation))


def test_filter_passes_constants_and_is_symmetric() -> None:
    taps = kaiser_sinc_filter(0.25, 0.3, 12)
    assert taps.shape == (12,)
    assert taps.sum() == pytest.approx(1.0)
    torch.testing.assert_close(taps, taps.flip(0))


def test_constant_passes_and_high_tone_is_not_folded() -> None:
    alias_free = AliasFreeActivation(nn.ReLU())
    torch.testing.assert_close(alias_free(torch.full((1, 1, 30), 0.7)), torch.full((1, 1, 30), 0.7))
    # Rectifying a tone at 0.4 of the rate makes harmonics at 0.8, 1.6, …, which alias to 0.2 and 0.4.
    time = torch.arange(4000)
    tone = torch.sin(2 * math.pi * 0.4 * time).view(1, 1, -1)
    window = torch.hann_window(4000)

    def level_at_alias(y: torch.Tensor) -> float:
        return float(torch.fft.rfft(y.view(-1) * window).abs()[round(0.2 * 4000)])

    assert level_at_alias(alias_free(tone)) < 0.5 * level_at_alias(F.relu(tone))


def test_filters_are_no_part_of_the_state() -> None:
    assert set(AliasFreeActivation(SnakeBeta(2)).state_dict()) == {"activation.alpha", "activation.beta"}


def test_unfitting_kernel_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple of 4"):
        AliasFreeActivation(nn.ReLU(), kernel_size=10)


def test_gradients() -> None:
    activation = AliasFreeActivation(SnakeBeta(2)).double()
    nn.init.normal_(activation.activation.alpha)
    nn.init.normal_(activation.activation.beta)
    x = torch.randn(2, 2, 7, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(activation, (x,))
