"""Tests of `hiervox.modules.encoders.style`."""

from __future__ import annotations

import torch

from hiervox.modules.encoders.style import StyleEncoder, StyleEncoderSizes


@torch.no_grad()
def test_a_padded_prompt_has_the_same_style() -> None:
    torch.manual_seed(0)
    network = StyleEncoder(StyleEncoderSizes(hidden_channels=8), mel_channels=10, style_channels=6).eval()
    mel, mask = torch.randn(2, 10, 12), torch.ones(2, 1, 12)
    mask[1, :, 5:] = 0
    style = network(mel, mask)
    assert style.shape == (2, 6, 1)
    torch.testing.assert_close(style[1:], network(mel[1:, :, :5], mask[1:, :, :5]))
    assert not torch.allclose(style[0], style[1])
