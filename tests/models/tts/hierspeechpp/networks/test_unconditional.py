"""Networks work without a voice, too."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from hiervox.models.tts.hierspeechpp.networks.dual_audio_encoder import DualAudioPosteriorEncoder
from hiervox.models.tts.hierspeechpp.networks.source_generator import SourceGenerator, SourceGeneratorSizes
from hiervox.models.tts.hierspeechpp.networks.spectral_generator import (
    SpectralGenerator,
    SpectralGeneratorSizes,
)
from hiervox.models.tts.hierspeechpp.networks.text_encoder import TextEncoder, TextEncoderSizes
from hiervox.models.tts.hierspeechpp.networks.transformer_flow import TransformerFlowSizes, transformer_flow
from hiervox.modules.convolutions.wavenet import WaveNetSizes
from hiervox.modules.encoders.posterior import WaveformEncoder, WaveformEncoderSizes

FRAMES = 6


def _text(style_channels: int, style: Tensor | None) -> Tensor:
    encoder = TextEncoder(
        TextEncoderSizes(filter_channels=16, n_heads=2, n_layers=1, kernel_size=3, dropout=0.0),
        n_symbols=5,
        channels=8,
        out_channels=4,
        style_channels=style_channels,
    )
    mean: Tensor = encoder(torch.randint(0, 5, (2, FRAMES)), torch.ones(2, 1, FRAMES), style)[1]
    return mean


def _flow(style_channels: int, style: Tensor | None) -> Tensor:
    sizes = TransformerFlowSizes(hidden_channels=8, n_blocks=1, n_couplings=2, dropout=0.0)
    flow = transformer_flow(sizes, channels=4, style_channels=style_channels)
    for parameter in flow.parameters():  # it starts as the identity
        torch.nn.init.normal_(parameter, std=0.2)
    z, mask = torch.randn(2, 4, FRAMES), torch.ones(2, 1, FRAMES)
    moved: Tensor = flow(z, mask, style)
    torch.testing.assert_close(flow(moved, mask, style, reverse=True), z, atol=1e-5, rtol=1e-4)
    return moved


def _posterior(style_channels: int, style: Tensor | None) -> Tensor:
    sizes = WaveformEncoderSizes(
        channels=(4, 4, 8), rates=(4, 2), kernel_sizes=(8, 4), block_kernel_sizes=(3,), block_dilations=(1,)
    )
    encoder = DualAudioPosteriorEncoder(
        WaveNetSizes(hidden_channels=8, n_layers=2),
        WaveformEncoder(sizes, out_channels=8),
        spectrogram_channels=9,
        latent_channels=4,
        style_channels=style_channels,
    )
    mean: Tensor = encoder(
        torch.randn(2, 9, FRAMES), torch.randn(2, 1, 8 * FRAMES), torch.ones(2, 1, FRAMES), style
    )[0]
    return mean


def _source_generator(style_channels: int, style: Tensor | None) -> Tensor:
    sizes = SourceGeneratorSizes(
        initial_channels=8,
        rates=(2, 2),
        kernel_sizes=(4, 4),
        block_kernel_sizes=(3,),
        block_dilations=(1,),
    )
    generator = SourceGenerator(sizes, latent_channels=4, source_channels=3, style_channels=style_channels)
    wav: Tensor = generator(torch.randn(2, 4, FRAMES), torch.randn(2, 3, 2 * FRAMES), style)
    return wav


def _spectral_generator(style_channels: int, style: Tensor | None) -> Tensor:
    sizes = SpectralGeneratorSizes(
        frame_channels=8,
        frame_blocks=1,
        source_block_channels=8,
        source_blocks=1,
        window_length=16,
        rates=(2, 8),
    )
    generator = SpectralGenerator(sizes, latent_channels=4, source_channels=3, style_channels=style_channels)
    source = generator.source_signal(torch.randn(2, 3, 2 * FRAMES), torch.full((2, 1, 2 * FRAMES), 5.0))
    wav: Tensor = generator(torch.randn(2, 4, FRAMES), source, style)
    return wav


@pytest.mark.parametrize("build", [_text, _flow, _posterior, _source_generator, _spectral_generator])
def test_a_style_is_optional_and_counts_where_it_is_given(
    build: Callable[[int, Tensor | None], Tensor],
) -> None:
    torch.manual_seed(0)
    without = build(0, None)
    assert torch.isfinite(without).all() and without.abs().sum() > 0
    outputs = []
    for style in (torch.zeros(2, 3, 1), torch.ones(2, 3, 1)):
        torch.manual_seed(1)
        outputs.append(build(3, style))
    assert without.shape == outputs[0].shape and not torch.allclose(*outputs)
