"""Tests of `hiervox.models.sr.speechsr.networks.spectral`."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hiervox.models.sr.speechsr.config import SpectralSpeechSRConfig, SpeechSRExperiment
from hiervox.models.sr.speechsr.networks import build_network
from hiervox.models.sr.speechsr.networks.spectral import SpectralSpeechSR
from hiervox.models.sr.speechsr.pipeline import SpeechSRPipeline
from hiervox.processors.audio import resample

SIZES = {"kind": "istft", "channels": 8, "n_blocks": 2, "expansion": 2}


def _network(rate: int) -> SpectralSpeechSR:
    torch.manual_seed(3)
    return SpectralSpeechSR(SpectralSpeechSRConfig.model_validate({**SIZES, "rate": rate})).eval()


def _speechlike(samples: int) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, 0.05, samples)
    return (noise * (1 + np.sin(np.arange(samples) / 700))).astype(np.float32)


@pytest.mark.parametrize("rate", [24_000, 48_000])
@pytest.mark.parametrize("samples", [1, 80, 321, 1000])
def test_output_has_the_rate_and_range(rate: int, samples: int) -> None:
    y = _network(rate)(torch.randn(2, 1, samples))
    assert y.shape == (2, 1, samples * rate // 16_000)
    assert y.abs().max() <= 1


@pytest.mark.parametrize("rate", [24_000, 48_000])
def test_what_is_there_stays(rate: int) -> None:
    low = _speechlike(8_000)
    with torch.no_grad():
        raised = _network(rate)(torch.from_numpy(low).view(1, 1, -1)).numpy().ravel()
    ours, sinc = (np.abs(np.fft.rfft(wav)) for wav in (raised, resample(low, 16_000, rate)))
    frequency = np.fft.rfftfreq(raised.size, 1 / rate)
    kept, new = frequency < 7_000, frequency > 8_500
    assert np.abs(ours - sinc)[kept].mean() < 0.002 * sinc[kept].mean()
    assert ours[new].mean() > 10 * sinc[new].mean()


@pytest.mark.parametrize("rate", [24_000, 48_000])
def test_silence_stays_silence(rate: int) -> None:
    assert _network(rate)(torch.zeros(1, 1, 1600)).abs().max() < 1e-6


def test_every_parameter_learns() -> None:
    network = _network(24_000)
    network(0.1 * torch.randn(1, 1, 800)).square().sum().backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in network.parameters())


@pytest.mark.parametrize("rate", [24_000, 48_000])
@pytest.mark.parametrize("samples", [1, 1000, 4111])
def test_windows_give_what_one_pass_gives(rate: int, samples: int) -> None:
    network = _network(rate)
    pipeline = SpeechSRPipeline(network)
    pipeline.window = 800
    wav = _speechlike(samples)
    with torch.no_grad():
        whole = network(torch.from_numpy(wav).view(1, 1, -1)).numpy().ravel()
    np.testing.assert_allclose(pipeline.upsample(wav, 16_000)[0], whole, atol=1e-5)


def test_context_is_neither_short_nor_long() -> None:
    network = _network(24_000)
    wav = 0.01 * torch.randn(1, 1, 4_000)
    wav.requires_grad_()
    raised = network(wav)[0, 0]
    reached = []
    for moment in range(2_000, 2_000 + network.input_multiple, 8):
        (gradient,) = torch.autograd.grad(raised[moment * 3 // 2], wav, retain_graph=True)
        there = torch.nonzero(gradient[0, 0]).flatten()
        reached += [moment - int(there.min()), int(there.max()) - moment]
    assert network.context - 16 <= max(reached) <= network.context


@pytest.mark.parametrize("wrong", [{"kernel_size": 4}, {"rate": 44_100}, {"dilations": ((1,),)}])
def test_unfitting_sizes_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        SpectralSpeechSRConfig.model_validate({**SIZES, **wrong})


def test_the_config_chooses() -> None:
    tree = {"system": "speechsr", "part": "speechsr", "out_dir": "run", "data": {"cuts": "cuts.jsonl.gz"}}
    light = SpeechSRExperiment.model_validate({**tree, "model": {**SIZES, "rate": 48_000}})
    assert isinstance(build_network(light.model), SpectralSpeechSR)
    assert light.mel.sample_rate == 48_000
    published = SpeechSRExperiment.model_validate({**tree, "model": {"channels": 4}})
    assert not isinstance(build_network(published.model), SpectralSpeechSR)
    with pytest.raises(ValueError, match="n_blocks"):
        SpeechSRExperiment.model_validate({**tree, "model": {"n_blocks": 2}})
