"""Tests of what all generators of `hiervox.modules.generators` have in common."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from hiervox.models.vocoder.apnet.network import APNet, APNetSizes
from hiervox.models.vocoder.istftnet.network import ISTFTNet, ISTFTNetSizes
from hiervox.models.vocoder.melgan.network import MelGANGenerator, MelGANSizes
from hiervox.models.vocoder.univnet.networks.univnet import UnivNetGenerator, UnivNetSizes
from hiervox.modules.generators.nsf_hifigan import NSFHiFiGANGenerator, NSFHiFiGANSizes
from hiervox.modules.generators.vocoder import VocoderGenerator
from hiervox.modules.generators.vocos import Vocos, VocosSizes

MELS, FRAMES, MIDDLE = 4, 121, 60
BLOCKS = {"in_channels": MELS, "initial_channels": 8, "rates": (4, 2), "kernel_sizes": (8, 4)}
BLOCKS |= {"block_kernel_sizes": (3,), "block_dilations": ((1, 3),)}
STFT = {"n_fft": 16, "hop_length": 4}


def _apnet(blocks: str) -> APNet:
    sizes = {"in_channels": MELS, "channels": 8, "block_kernel_sizes": (3,), "block_dilations": ((1, 3),)}
    return APNet(APNetSizes(**sizes, blocks=blocks, hidden_channels=8, n_blocks=2, win_length=12, **STFT))


def _nsf(source: str) -> NSFHiFiGANGenerator:
    return NSFHiFiGANGenerator(NSFHiFiGANSizes(**BLOCKS, sample_rate=1000, source=source))


BUILDERS: dict[str, Callable[[], VocoderGenerator]] = {
    "apnet": lambda: _apnet("residual"),
    "apnet2": lambda: _apnet("convnext"),
    "istftnet": lambda: ISTFTNet(ISTFTNetSizes(**BLOCKS)),
    "melgan": lambda: MelGANGenerator(
        MelGANSizes(in_channels=MELS, initial_channels=8, rates=(4, 2), dilations=(1, 3))
    ),
    "nsf": lambda: _nsf("harmonic"),
    "pc_nsf": lambda: _nsf("sine"),
    "nsf_without_source": lambda: _nsf("none"),
    "univnet": lambda: UnivNetGenerator(
        UnivNetSizes(in_channels=MELS, noise_channels=3, channels=4, rates=(4, 3), dilations=(1, 3))
    ),
    "vocos": lambda: Vocos(VocosSizes(in_channels=MELS, channels=8, hidden_channels=8, n_blocks=2, **STFT)),
    "vocos_same": lambda: Vocos(
        VocosSizes(in_channels=MELS, channels=8, hidden_channels=8, n_blocks=2, padding="same", **STFT)
    ),
}


def _run(network: VocoderGenerator, mel: torch.Tensor, source: torch.Tensor | None) -> torch.Tensor:
    wav: torch.Tensor = network(mel) if source is None else network(mel, source)
    return wav


def _source(network: VocoderGenerator, mel: torch.Tensor) -> torch.Tensor | None:
    f0 = 100 + 10 * torch.rand(mel.shape[0], mel.shape[-1], dtype=mel.dtype)
    source = network.source_signal(mel, f0)
    return None if source is None else source.to(mel.dtype)


@pytest.mark.parametrize("name", sorted(BUILDERS))
def test_gradients_reach_every_parameter_and_the_waveform_has_a_hop_a_frame(name: str) -> None:
    network = BUILDERS[name]()
    mel = torch.randn(2, MELS, 20)
    source = _source(network, mel)
    if network.source_rate:
        assert source is not None and source.shape[-1] == 20 * network.source_rate
    wav = _run(network, mel, source)
    assert wav.shape[:2] == (2, 1) and wav.shape[2] in (20 * network.hop_length, 19 * network.hop_length)
    wav.square().mean().backward()
    lacking = [key for key, parameter in network.named_parameters() if parameter.grad is None]
    assert lacking == []


@pytest.mark.parametrize("name", sorted(set(BUILDERS) - {"apnet2"}))
@torch.no_grad()
def test_context_covers_what_a_frame_of_mel_or_source_reaches(name: str) -> None:
    torch.manual_seed(0)
    network = BUILDERS[name]().double().eval()
    mel = torch.randn(1, MELS, FRAMES, dtype=torch.double)
    source = _source(network, mel)
    whole = _run(network, mel, source)
    mel[..., MIDDLE] += 1
    if source is not None:
        source[..., MIDDLE * network.source_rate : (MIDDLE + 1) * network.source_rate] += 1
    changed = (_run(network, mel, source) - whole).abs()[0, 0] > 1e-12
    first, last = (int(changed.nonzero().flatten()[end]) // network.hop_length for end in (0, -1))
    assert network.context is not None
    assert MIDDLE - network.context <= first <= MIDDLE <= last <= MIDDLE + network.context


@torch.no_grad()
def test_apnet2_depends_on_the_whole_utterance() -> None:
    network = _apnet("convnext")
    assert network.context is None


@pytest.mark.parametrize("name", ["nsf", "univnet"])
@torch.no_grad()
def test_the_source_signal_is_the_same_each_time_but_in_training(name: str) -> None:
    network = BUILDERS[name]()
    mel, f0 = torch.randn(1, MELS, 30), torch.full((1, 30), 100.0)
    assert not torch.equal(network.source_signal(mel, f0), network.source_signal(mel, f0))
    network.eval()
    assert torch.equal(network.source_signal(mel, f0), network.source_signal(mel, f0))
    begun = network.source_signal(mel[..., :20], f0[:, :20])
    assert torch.equal(network.source_signal(mel, f0)[..., : begun.shape[-1]], begun)


def test_a_network_driven_by_f0_refuses_to_go_without() -> None:
    with pytest.raises(ValueError, match="f0"):
        _nsf("harmonic").source_signal(torch.randn(1, MELS, 5))
