"""Tests of `hiervox.models.tts._hierarchy.networks.source_generator`."""

from __future__ import annotations

import torch

from hiervox.models.tts._hierarchy.networks.source_generator import (
    SourceDownsampler,
    SourceGenerator,
    SourceGeneratorSizes,
)

SIZES = SourceGeneratorSizes(
    initial_channels=16,
    rates=(4, 5),
    kernel_sizes=(8, 11),
    block_kernel_sizes=(3, 5),
    block_dilations=(1, 3),
)


@torch.no_grad()
def test_generator_hears_latent_source_and_style_and_stays_within_full_scale() -> None:
    torch.manual_seed(0)
    network = SourceGenerator(SIZES, latent_channels=6, source_channels=4, style_channels=5)
    z, source, style = torch.randn(2, 6, 7), torch.randn(2, 4, 28), torch.randn(2, 5, 1)
    wav = network(z, source, style)
    assert wav.shape == (2, 1, 140)
    for changed in ((z + 1, source, style), (z, source + 1, style), (z, source, style + 1)):
        assert not torch.allclose(network(*changed), wav)
    assert network(1e4 * z, source, style).abs().max() <= 1


@torch.no_grad()
def test_source_is_decimated_at_the_first_value_of_each_frame() -> None:
    network = SourceDownsampler(3, 6, 4)
    source = torch.randn(1, 3, 20)
    between = source.clone()
    between[..., 1::4] += 1
    assert network(source).shape == (1, 6, 5)
    torch.testing.assert_close(network(between), network(source))
