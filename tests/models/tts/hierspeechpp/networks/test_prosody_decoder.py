"""Tests of `hiervox.models.tts._hierarchy.networks.prosody_decoder`."""

from __future__ import annotations

import torch

from hiervox.models.tts._hierarchy.networks.prosody_decoder import ProsodyDecoder
from hiervox.modules.transformers.relative import TransformerSizes


@torch.no_grad()
def test_padding_does_not_change_real_frames() -> None:
    torch.manual_seed(0)
    sizes = TransformerSizes(filter_channels=16, n_layers=2, kernel_size=5)
    network = ProsodyDecoder(sizes, bins=3, latent_channels=8, style_channels=5).eval()
    z, style, mask = torch.randn(1, 8, 10), torch.randn(1, 5, 1), torch.ones(1, 1, 10)
    mask[..., 7:] = 0
    padded = network(z, mask, style)
    assert padded.shape == (1, 3, 10)
    torch.testing.assert_close(padded[..., :7], network(z[..., :7], mask[..., :7], style))
    assert not padded[..., 7:].any()
