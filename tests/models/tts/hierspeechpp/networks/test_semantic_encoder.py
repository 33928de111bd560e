"""Tests of `hiervox.models.tts._hierarchy.networks.semantic_encoder`."""

from __future__ import annotations

import torch

from hiervox.models.tts._hierarchy.networks.semantic_encoder import SemanticEncoder
from hiervox.modules.convolutions.wavenet import WaveNetSizes


@torch.no_grad()
def test_padding_does_not_change_real_frames_and_both_inputs_count() -> None:
    torch.manual_seed(0)
    network = SemanticEncoder(
        WaveNetSizes(hidden_channels=8, n_layers=2),
        semantic_channels=6,
        latent_channels=4,
        style_channels=5,
        pitch_ratio=4,
    ).eval()
    semantic, log_f0, style = torch.randn(1, 6, 10), torch.rand(1, 1, 40), torch.randn(1, 5, 1)
    mask = torch.ones(1, 1, 10)
    mask[..., 7:] = 0
    padded = network(semantic, log_f0, mask, style)
    alone = network(semantic[..., :7], log_f0[..., :28], mask[..., :7], style)
    for statistics, expected in zip(padded, alone, strict=True):
        assert statistics.shape == (1, 4, 10)
        torch.testing.assert_close(statistics[..., :7], expected)
        assert not statistics[..., 7:].any()
    for changed in ((semantic + 1, log_f0), (semantic, log_f0 + 1)):
        assert not torch.allclose(network(*changed, mask, style)[0], padded[0])
