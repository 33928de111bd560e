"""Tests of `hiervox.models.sr.speechsr.networks.speechsr`."""

from __future__ import annotations

import pytest
import torch

from hiervox.models.sr.speechsr.config import SpeechSRConfig
from hiervox.models.sr.speechsr.networks.speechsr import SpeechSR
from hiervox.modules.normalization.weight_norm import remove_weight_norm

TINY = {"channels": 4, "kernel_sizes": (3, 5), "dilations": ((1,), (1, 3))}


@pytest.mark.parametrize("rate", [24_000, 48_000])
def test_output_has_the_rate_and_range(rate: int) -> None:
    network = SpeechSR(SpeechSRConfig(rate=rate, **TINY))
    y = network(torch.randn(2, 1, 320))
    assert y.shape == (2, 1, 320 * rate // 16_000)
    assert y.abs().max() <= 1


def test_every_parameter_learns() -> None:
    network = SpeechSR(SpeechSRConfig(**TINY))
    network(torch.randn(1, 1, 100)).square().sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_published_size_is_0_13_million() -> None:
    network = SpeechSR(SpeechSRConfig())
    remove_weight_norm(network)
    assert sum(parameter.numel() for parameter in network.parameters()) == pytest.approx(0.13e6, rel=0.02)


@pytest.mark.parametrize(
    "wrong", [{"dilations": ((1,),)}, {"kernel_sizes": (3, 7, 10)}, {"rate": 44_100}, {"kernel_sizes": ()}]
)
def test_unfitting_sizes_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        SpeechSRConfig.model_validate(wrong)
