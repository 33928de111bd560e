"""Tests of `hiervox.modules.encoders.posterior`."""

from __future__ import annotations

import torch

from hiervox.modules.convolutions.wavenet import WaveNetSizes
from hiervox.modules.encoders.posterior import PosteriorEncoder, WaveformEncoder, WaveformEncoderSizes


@torch.no_grad()
def test_wavenet_posterior_follows_the_mask() -> None:
    torch.manual_seed(0)
    network = PosteriorEncoder(
        WaveNetSizes(hidden_channels=8, n_layers=2), in_channels=6, latent_channels=4, style_channels=5
    ).eval()
    features, style, mask = torch.randn(1, 6, 10), torch.randn(1, 5, 1), torch.ones(1, 1, 10)
    mask[..., 7:] = 0
    padded = network(features, mask, style)
    alone = network(features[..., :7], mask[..., :7], style)
    for statistics, expected in zip(padded, alone, strict=True):
        torch.testing.assert_close(statistics[..., :7], expected)
        assert not statistics[..., 7:].any()


def test_a_frame_depends_on_the_samples_of_its_context_alone() -> None:
    torch.manual_seed(0)
    sizes = WaveformEncoderSizes(
        channels=(4, 6, 8), rates=(4, 2), kernel_sizes=(8, 4), block_kernel_sizes=(3,), block_dilations=(1,)
    )
    network = WaveformEncoder(sizes, out_channels=3)
    hop, frame = 8, 50
    wav = torch.randn(1, 1, 2 * frame * hop, requires_grad=True)
    network(wav)[0, :, frame].sum().backward()
    assert wav.grad is not None
    places = wav.grad[0, 0].nonzero()
    frames = frame - int(places.min()) // hop, int(places.max()) // hop - frame
    assert 0.8 * network.context <= max(frames) <= network.context  # filters are counted a little wide
