from __future__ import annotations

import torch

from hiervox.models.tts.hierspeechpp.networks.semantic_decoder import SemanticDecoder
from hiervox.modules.convolutions.wavenet import WaveNetSizes


def test_padding_stays_out() -> None:
    torch.manual_seed(0)
    module = SemanticDecoder(
        WaveNetSizes(hidden_channels=6, kernel_size=3, n_layers=2),
        in_channels=4,
        out_channels=10,
        dropout=0.1,
        style_channels=4,
    ).eval()
    z, style, mask = torch.randn(2, 4, 7), torch.randn(2, 4, 1), torch.ones(2, 1, 7)
    mask[1, :, 3:] = 0
    together = module(z, mask, style)
    assert together.shape == (2, 10, 7)
    torch.testing.assert_close(together[1:, :, :3], module(z[1:, :, :3], mask[1:, :, :3], style[1:]))
    assert together[1, :, 3:].abs().max() == 0
