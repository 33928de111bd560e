"""Tests of `hiervox.models.enhancement.mp_senet.networks.mp_senet`."""

from __future__ import annotations

import pytest
import torch

from hiervox.models.enhancement.mp_senet.config import MPSENetConfig
from hiervox.models.enhancement.mp_senet.networks.mp_senet import MPSENet, TwoStageBlock
from tests.models.enhancement.mp_senet.tiny_mp_senet import TINY_MP_SENET, tiny_network


def _spectrum(items: int = 1, frames: int = 12) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.rand(items, 201, frames), torch.randn(items, 201, frames)


def test_published_size_is_2_05_million() -> None:
    with torch.device("meta"):
        network = MPSENet(MPSENetConfig())
    assert sum(parameter.numel() for parameter in network.parameters()) == 2_048_849


def test_mask_and_phase_stay_in_their_range() -> None:
    amplitude, phase = _spectrum()
    with torch.no_grad():
        cleaned, angle = tiny_network()(amplitude, phase)
    assert cleaned.shape == angle.shape == amplitude.shape
    assert (cleaned >= 0).all() and (cleaned <= 2 * amplitude).all()
    assert angle.abs().max() <= torch.pi


def test_every_parameter_learns() -> None:
    network = MPSENet(TINY_MP_SENET)
    amplitude, phase = network(*_spectrum(2))
    (amplitude.square().sum() + phase.cos().sum()).backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_items_of_a_batch_do_not_see_each_other() -> None:
    network, spectrum = tiny_network(), _spectrum(2)
    with torch.no_grad():
        together = network(*spectrum)
        alone = network(spectrum[0][1:], spectrum[1][1:])
    torch.testing.assert_close(together[0][1:], alone[0])
    torch.testing.assert_close(together[1][1:], alone[1])


def test_convolutions_are_named_by_their_axis() -> None:
    """The Conformer over time convolves over time, the one over frequency over frequency."""
    block = TwoStageBlock(TINY_MP_SENET).eval()
    x = torch.randn(1, 8, 20, 30, requires_grad=True)
    grid = x.permute(0, 3, 2, 1)
    block.over_time(grid)[0, 15, 10, 0].backward()  # of all channels together it is normalised away
    assert x.grad is not None
    frames = x.grad[0].abs().sum((0, 2)).nonzero().view(-1)
    assert (int(frames.min()), int(frames.max())) == (7, 13)


@pytest.mark.parametrize(
    "wrong", [{"n_heads": 3}, {"kernel_size": 30}, {"n_fft": 402}, {"hop_length": 300}, {"compression": 0.0}]
)
def test_unfitting_sizes_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        MPSENetConfig.model_validate(wrong)
