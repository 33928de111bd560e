"""Tests of `hiervox.models.tts._hierarchy.windowed`."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from hiervox.models.tts._hierarchy import windowed
from hiervox.models.tts.hierspeechpp.lite.networks.spectral_generator import (
    SpectralGenerator,
    SpectralGeneratorSizes,
)
from hiervox.models.tts.hierspeechpp.lite.networks.synthesizer import ExcitedDecoder, LiteSynthesizer
from hiervox.modules.functional.windows import window_plan
from tests.models.tts.hierspeechpp.lite.tiny import lite_synthesizer

SPECTRAL = SpectralGeneratorSizes(frame_channels=8, frame_blocks=1, source_block_channels=8, source_blocks=2)
GENERATORS: dict[str, dict[str, Any]] = {"amp": {}, "istft": {"generator": SPECTRAL}}
FRAMES = 150


class _Voiced(nn.Module):
    """A source network whose pitch is that of a voice."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.context: int = network.context  # type: ignore[assignment]

    def forward(self, z: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
        features, log_f0 = self.network(z, style)
        return features, 5 + 0.2 * torch.tanh(log_f0)


@pytest.fixture(params=["amp", "istft"])
def network(request: pytest.FixtureRequest) -> LiteSynthesizer:
    torch.manual_seed(0)
    network = LiteSynthesizer(lite_synthesizer(**GENERATORS[request.param])).eval()
    network.source = _Voiced(network.source)  # type: ignore[assignment]
    return network


def whole(network: LiteSynthesizer, z: Tensor, style: Tensor, floor: Tensor | None = None) -> Tensor:
    """One pass over all of it."""
    generator = network.generator
    features, log_f0 = network.source(z, style)
    if not isinstance(generator, SpectralGenerator):
        return generator(z, features, style)
    source = generator.source_signal(features, log_f0)
    return generator.waveform(generator.backbone(z, source, style, floor))


@pytest.fixture
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """So small that a short utterance takes several of each kind."""
    sizes = {
        "BACKBONE_WINDOW": 7,
        "STREAM_BACKBONE_WINDOW": 9,
        "WINDOW": 33,
        "FIRST_CHUNK": 5,
        "LARGEST_CHUNK": 50,
    }
    for name, size in sizes.items():
        monkeypatch.setattr(windowed, name, size)


def test_a_plan_keeps_everything_once_and_sees_the_context() -> None:
    for length in (1, 10, 24, 25, 26, 40, 41):
        plan = window_plan(length, kept=10, context=7)
        assert [place for window in plan for place in range(window.start, window.stop)] == list(range(length))
        for window in plan:
            assert 0 <= window.first <= max(window.start - 7, 0)
            assert min(window.stop + 7, length) <= window.last <= length
        assert len({window.last - window.first for window in plan}) == 1


@pytest.mark.usefixtures("small_windows")
@torch.no_grad()
def test_windows_give_what_one_pass_gives_to_items_of_any_length(network: LiteSynthesizer) -> None:
    lengths = [FRAMES, 3, 97, 97]
    z, style = torch.randn(4, 8, FRAMES), torch.randn(4, 8, 1)
    together = network.decoder.padded(z, style, lengths)
    for item, frames in enumerate(lengths):
        alone = whole(network, z[[item], :, :frames], style[[item]])
        assert alone.std() > 0
        torch.testing.assert_close(together[[item], :, : 320 * frames], alone, atol=1e-6, rtol=0)
        assert not together[item, :, 320 * frames :].any()


@pytest.mark.usefixtures("small_windows")
@pytest.mark.parametrize("passes", [1, 5])
@torch.no_grad()
def test_windows_that_share_a_pass_do_not_see_each_other(
    network: LiteSynthesizer, passes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windowed, "CPU_PASSES", passes)
    z, style = torch.randn(2, 8, FRAMES), torch.randn(2, 8, 1)
    for wav, latent, own in zip(network.decoder.decode(list(z), style), z, style, strict=True):
        torch.testing.assert_close(wav[None], whole(network, latent[None], own[None]), atol=1e-6, rtol=0)


@pytest.mark.usefixtures("small_windows")
@pytest.mark.parametrize("frames", [1, 2, 40, FRAMES])
@torch.no_grad()
def test_a_stream_is_the_whole_in_chunks_that_grow(network: LiteSynthesizer, frames: int) -> None:
    z, style = torch.randn(1, 8, frames), torch.randn(1, 8, 1)
    chunks = list(network.decoder.stream(z, style))
    torch.testing.assert_close(torch.cat(chunks, dim=-1), whole(network, z, style), atol=1e-6, rtol=0)
    sizes = [chunk.shape[-1] // network.generator.waveform_rate for chunk in chunks]
    assert sizes[:-1] == [5, 10, 20, 40, *[50] * 20][: len(sizes) - 1]


@pytest.mark.usefixtures("small_windows")
@pytest.mark.parametrize("network", ["istft"], indirect=True)
@torch.no_grad()
def test_a_noise_floor_is_subtracted_alike_in_windows_and_streams(network: LiteSynthesizer) -> None:
    z, style, floor = torch.randn(2, 8, FRAMES), torch.randn(2, 8, 1), torch.rand(2, 161, 1) / 100
    decoder = ExcitedDecoder(network.source, network.generator, floor=floor)
    together = decoder.padded(z, style, [FRAMES] * 2)
    for item in ([0], [1]):
        expected = whole(network, z[item], style[item], floor[item])
        assert not torch.allclose(expected, whole(network, z[item], style[item]), atol=1e-4)
        alone = ExcitedDecoder(network.source, network.generator, floor=floor[item])
        streamed = torch.cat(list(alone.stream(z[item], style[item])), dim=-1)
        torch.testing.assert_close(together[item], expected, atol=1e-6, rtol=0)
        torch.testing.assert_close(streamed, expected, atol=1e-6, rtol=0)


def receptive_field(output: Tensor, place: int, seen: Tensor, rate: int) -> int:
    """How far from its own place, in samples of `seen`, the output's sample `place` depends on it."""
    (gradient,) = torch.autograd.grad(output[..., place].sum(), seen, retain_graph=True)
    touched = gradient.abs().sum(dim=(0, 1)).nonzero().flatten()
    return max(place // rate - int(touched.min()), int(touched.max()) - place // rate)


def test_contexts_are_neither_short_nor_long(network: LiteSynthesizer) -> None:
    generator, style = network.generator, torch.randn(1, 8, 1)
    z = torch.randn(1, 8, 61, requires_grad=True)
    features, log_f0 = network.source(z, style)
    by_source = max(receptive_field(features, place, z, 4) for place in (120, 121, 122, 123))
    # every filter's outermost taps are needed on one side only, and every stage rounds up
    assert 0.7 * network.source.context <= by_source <= network.source.context

    if isinstance(generator, SpectralGenerator):
        features = generator.source_signal(features, log_f0)
    source = features.detach().requires_grad_()
    backbone = generator.backbone(z, source, style)
    rate = generator.backbone_rate
    places = range(30 * rate, 31 * rate)
    by_latent = max(receptive_field(backbone, place, z, rate) for place in places)
    by_features = max(receptive_field(backbone, place, source, 1) for place in places) / rate
    assert 0.7 * generator.backbone_context <= max(by_latent, by_features) <= generator.backbone_context

    x = torch.randn(1, backbone.shape[1], 120, requires_grad=True)
    waveform_rate = generator.waveform_rate
    by_backbone = max(
        receptive_field(generator.waveform(x), place, x, waveform_rate)
        for place in (60 * waveform_rate, 61 * waveform_rate - 1)
    )
    assert 0.7 * generator.waveform_context <= by_backbone <= generator.waveform_context
