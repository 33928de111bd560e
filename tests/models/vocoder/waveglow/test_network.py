"""Tests of `hiervox.models.vocoder.waveglow.network`."""

from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError

from hiervox.models.vocoder.waveglow.network import WaveGlow, WaveGlowSizes, flow_loss

SIZES = {"in_channels": 3, "hop_length": 8, "upsampling_kernel": 16, "group": 4, "n_flows": 3}
SIZES |= {"early_every": 2, "early_size": 2, "channels": 4, "n_layers": 2}


def flow() -> WaveGlow:
    torch.manual_seed(0)
    network = WaveGlow(WaveGlowSizes(**SIZES, sigma=1.0))
    for coupling in network.couplings:
        torch.nn.init.normal_(coupling.output.weight, std=0.2)  # they start at zero
    return network


def test_analysis_and_synthesis_are_inverse() -> None:
    network, wav, mel = flow(), torch.randn(2, 40), torch.randn(2, 3, 5)
    output = network.analyse(wav, mel)
    assert output.z.shape == (2, 4, 10)
    torch.testing.assert_close(network.synthesise(mel, output.z).squeeze(1), wav, atol=1e-4, rtol=1e-4)


def test_the_likelihood_counts_the_volume_that_the_flow_changes() -> None:
    network, mel = flow().double(), torch.randn(1, 3, 1, dtype=torch.double)
    wav = torch.randn(1, 8, dtype=torch.double)
    jacobian = torch.autograd.functional.jacobian(lambda x: network.analyse(x, mel).z.flatten(), wav)
    _, log_volume = torch.linalg.slogdet(jacobian[:, 0])
    output = network.analyse(wav, mel)
    expected = (output.z.square().sum() / 2 - log_volume) / wav.numel()
    torch.testing.assert_close(flow_loss(output, 1.0).double(), expected, atol=1e-5, rtol=1e-5)


def test_every_parameter_trains_and_context_covers_what_a_frame_reaches() -> None:
    network = flow()
    flow_loss(network.analyse(torch.randn(2, 40), torch.randn(2, 3, 5)), 1.0).backward()
    assert all(parameter.grad is not None for parameter in network.parameters())
    network = network.double().eval()
    mel = torch.randn(1, 3, 41, dtype=torch.double)
    source = network.source_signal(mel).double()
    with torch.no_grad():
        whole = network(mel, source)
        mel[..., 20] += 1
        changed = (network(mel, source) - whole).abs()[0, 0] > 1e-12
    places = changed.nonzero().flatten() // network.hop_length
    assert network.context is not None
    assert 20 - network.context <= int(places[0]) and int(places[-1]) <= 20 + network.context


@pytest.mark.parametrize("wrong", [{"group": 3}, {"hop_length": 6}, {"n_flows": 5}])
def test_sizes_that_do_not_fit_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        WaveGlowSizes(**{**SIZES, **wrong})
