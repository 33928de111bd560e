"""Tests of `hiervox.modules.diffusion.wavegrad`: sizes, resizing, how far a prediction looks."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from hiervox.modules.diffusion.wavegrad import WaveGrad, WaveGradSizes

SMALL: dict[str, Any] = {
    "in_channels": 6,
    "mel_channels": 8,
    "rates": (4, 2),
    "channels": (8, 4),
    "dilations": ((1, 2, 4, 8), (1, 2, 1, 2)),
    "wave_channels": (4, 8),
    "sampling_steps": 2,
}


@pytest.mark.parametrize(("blocks", "millions"), [(1, 16.95), (2, 28.66)])
def test_wavegrad_2_has_as_many_weights_as_the_open_implementation(blocks: int, millions: float) -> None:
    with torch.device("meta"):
        network = WaveGrad(WaveGradSizes(in_channels=576, blocks_per_rate=blocks))
    weights = sum(parameter.numel() for parameter in network.parameters())
    assert weights / 1e6 == pytest.approx(millions, abs=0.01)


@pytest.mark.parametrize("interpolation", ["nearest", "linear"])
@pytest.mark.parametrize("blocks", [1, 2])
def test_a_prediction_depends_on_no_more_frames_than_the_network_says(
    interpolation: str, blocks: int
) -> None:
    torch.manual_seed(0)
    sizes = WaveGradSizes.model_validate(SMALL | {"interpolation": interpolation, "blocks_per_rate": blocks})
    network = WaveGrad(sizes).eval()
    frames, middle = 2 * network.step_context + 5, network.step_context + 2
    hidden = torch.randn(1, 6, frames, requires_grad=True)
    noisy = torch.randn(1, frames * network.hop_length, requires_grad=True)
    noise = network.predict_noise(noisy, torch.tensor([0.5]), hidden)
    noise[0, middle * network.hop_length : (middle + 1) * network.hop_length].sum().backward()
    for gradient in (hidden.grad, noisy.grad):
        assert gradient is not None
        touched = gradient.reshape(-1, frames if gradient is hidden.grad else gradient.shape[-1]).any(0)
        if gradient is noisy.grad:
            touched = touched.reshape(frames, -1).any(1)
        places = touched.nonzero().flatten()
        assert int(places.min()) > 0 and int(places.max()) < frames - 1
        assert abs(places - middle).max() <= network.step_context


def test_betas_take_the_place_of_the_linear_schedule() -> None:
    network = WaveGrad(WaveGradSizes.model_validate(SMALL | {"sampling_betas": (0.01, 0.1, 0.5)}))
    assert len(network.sampling_schedule) == 3
    assert network(torch.randn(1, 6, 3)).shape == (1, 1, 24)
