"""The light generator."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from hiervox.models.tts.hierspeechpp.lite.networks.spectral_generator import (
    SpectralGenerator,
    SpectralGeneratorSizes,
)
from hiervox.processors.spectrogram import SpectrogramConfig, log_mel

LATENT, SOURCE, STYLE = 6, 4, 5


@dataclass
class Inputs:
    """Of two utterances; the fields are those of `source_signal` and `forward`."""

    z: Tensor
    features: Tensor
    log_f0: Tensor
    style: Tensor


def generator(modulated: bool = False) -> SpectralGenerator:
    torch.manual_seed(0)
    return SpectralGenerator(
        SpectralGeneratorSizes(
            frame_channels=8,
            frame_blocks=2,
            source_block_channels=8,
            source_blocks=2,
            modulated=modulated,
        ),
        latent_channels=LATENT,
        source_channels=SOURCE,
        style_channels=STYLE,
    )


def inputs(frames: int) -> Inputs:
    torch.manual_seed(1)
    return Inputs(
        torch.randn(2, LATENT, frames),
        torch.randn(2, SOURCE, 4 * frames),
        torch.rand(2, 1, 4 * frames) + 4.5,
        torch.randn(2, STYLE, 1),
    )


@torch.no_grad()
def test_the_waveform_follows_latent_source_and_style_and_stays_within_full_scale() -> None:
    network, given = generator().eval(), inputs(7)
    source = network.source_signal(given.features, given.log_f0)
    assert source.shape == (2, SOURCE + 4 * 161, 28)
    wav = network(given.z, source, given.style)
    assert wav.shape == (2, 1, 320 * 7)
    other_pitch = network.source_signal(given.features, given.log_f0 + 0.2)
    other_features = network.source_signal(given.features + 1, given.log_f0)
    for changed in (
        (given.z + 1, source, given.style),
        (given.z, other_pitch, given.style),
        (given.z, other_features, given.style),
        (given.z, source, given.style + 1),
    ):
        assert not torch.allclose(network(*changed), wav, atol=1e-4)
    assert network(1e4 * given.z, source, given.style).abs().max() <= 1


@torch.no_grad()
def test_a_modulated_block_hears_the_style_itself() -> None:
    network, plain, given = generator(modulated=True).eval(), generator().eval(), inputs(7)
    source = network.source_signal(given.features, given.log_f0)
    network.load_state_dict(plain.state_dict(), strict=False)
    wav = plain(given.z, source, given.style)
    torch.testing.assert_close(network(given.z, source, given.style), wav)  # no effect at first
    for block in (network.frame_blocks[1], network.source_blocks[1]):
        torch.nn.init.normal_(block.modulation.weight)  # type: ignore[arg-type, union-attr]
        changed = network(given.z, source, given.style)
        assert not torch.allclose(changed, wav, atol=1e-4)
        wav = changed


@torch.no_grad()
def test_a_window_with_its_context_gives_the_same_samples() -> None:
    network, given = generator().eval(), inputs(40)
    source = network.source_signal(given.features, given.log_f0)
    whole = network(given.z, source, given.style)
    first, last = 18, 22
    seen = slice(first - network.backbone_context - 1, last + network.backbone_context + 1)
    backbone = network.backbone(given.z[..., seen], source[..., 4 * seen.start : 4 * seen.stop], given.style)
    kept = slice(4 * network.backbone_context, -4 * network.backbone_context)
    wav = network.waveform(backbone[..., kept])[..., 320:-320]
    torch.testing.assert_close(wav, whole[..., 320 * first : 320 * last], atol=1e-6, rtol=1e-5)
    nearer = slice(seen.start + 1, seen.stop - 1)  # without the frame that the inverse STFT looks into
    backbone = network.backbone(
        given.z[..., nearer], source[..., 4 * nearer.start : 4 * nearer.stop], given.style
    )
    assert network.waveform_context <= 4
    assert backbone.shape[-1] == 4 * (last - first + 2 * network.backbone_context)


@torch.no_grad()
def test_the_context_is_no_larger_than_what_is_heard() -> None:
    network, given = generator().eval(), inputs(40)
    source = network.source_signal(given.features, given.log_f0)
    before = network.backbone(given.z, source, given.style)
    given.z[..., 20] += 1
    changed = (network.backbone(given.z, source, given.style) != before).any(dim=1)[0].nonzero().flatten()
    assert int(changed[0]) // 4 in (20 - network.backbone_context, 21 - network.backbone_context)
    assert int(changed[-1]) // 4 in (20 + network.backbone_context, 19 + network.backbone_context)


@torch.no_grad()
def test_a_floor_is_subtracted_from_what_is_near_it() -> None:
    network, given = generator().eval(), inputs(7)
    source = network.source_signal(given.features, given.log_f0)

    def backbone(floor: Tensor | None) -> Tensor:
        return torch.complex(*network.backbone(given.z, source, given.style, floor).chunk(2, dim=1))

    plain, gain = backbone(None), network.noise_gain(given.z, source, given.style)
    assert gain.shape == plain.shape
    torch.testing.assert_close(backbone(torch.zeros(2, 161, 1)), plain)
    torch.testing.assert_close(backbone(torch.full((2, 161, 1), 1e6)), 0.05 * plain)
    floor = torch.zeros(2, 161, 1)
    floor[0, :80] = 0.5 * gain[0, :80].amin(dim=1, keepdim=True)
    cleaned = backbone(floor)
    torch.testing.assert_close(cleaned[1], plain[1])
    torch.testing.assert_close(cleaned[0, 80:], plain[0, 80:])
    assert (cleaned[0, :80] != plain[0, :80]).all()
    silent = network.source_signal(given.features, torch.zeros_like(given.log_f0))  # no pulses: noise alone
    floor = 0.5 * network.noise_gain(given.z, silent, given.style).median(dim=2, keepdim=True).values
    noise = network.backbone(given.z, silent, given.style).chunk(2, dim=1)[0]
    share = network.backbone(given.z, silent, given.style, floor).chunk(2, dim=1)[0] / noise
    torch.testing.assert_close(share.median(), torch.tensor(0.5), atol=0.05, rtol=0)


def test_every_parameter_learns() -> None:
    network, given = generator(), inputs(7)
    network(
        given.z, network.source_signal(given.features, given.log_f0), given.style
    ).square().sum().backward()
    assert [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_a_tone_is_learnt_in_few_steps() -> None:
    network, given = generator(), inputs(20)
    tone = torch.full_like(given.log_f0, 200.0).log1p()
    time = torch.arange(320 * 20) / 16000
    wav = sum(0.2 / number * torch.sin(2 * torch.pi * 200 * number * time) for number in range(1, 8))
    target = log_mel(wav.expand(2, -1), SpectrogramConfig())
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    errors = []
    for _ in range(60):
        spoken = network(given.z, network.source_signal(given.features, tone), given.style).squeeze(1)
        error = (log_mel(spoken, SpectrogramConfig()) - target).abs().mean()
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
        errors.append(error.item())
    assert errors[-1] < 0.35 * errors[0]
