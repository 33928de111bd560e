from __future__ import annotations

import torch

from hiervox.models.tts.hierspeechpp.networks.text_encoder import TextEncoder, TextEncoderSizes


def encoder() -> TextEncoder:
    torch.manual_seed(0)
    return TextEncoder(
        TextEncoderSizes(filter_channels=16, n_heads=2, n_layers=1, kernel_size=3, dropout=0.1),
        n_symbols=7,
        channels=8,
        out_channels=6,
        style_channels=4,
    ).eval()


def test_shapes_and_independence_of_padding() -> None:
    module, tokens, style = encoder(), torch.randint(0, 7, (2, 9)), torch.randn(2, 4, 1)
    mask = torch.ones(2, 1, 9)
    mask[1, :, 5:] = 0
    together = module(tokens, mask, style)
    alone = module(tokens[1:, :5], mask[1:, :, :5], style[1:])
    assert [tuple(tensor.shape) for tensor in together] == [(2, 8, 9), (2, 6, 9), (2, 6, 9)]
    for padded, single in zip(together, alone, strict=True):
        torch.testing.assert_close(padded[1:, :, :5], single, atol=1e-5, rtol=1e-5)
        assert padded[1, :, 5:].abs().max() == 0


def test_style_changes_the_prior() -> None:
    module, tokens, mask = encoder(), torch.randint(0, 7, (1, 9)), torch.ones(1, 1, 9)
    _, one, _ = module(tokens, mask, torch.zeros(1, 4, 1))
    _, other, _ = module(tokens, mask, torch.ones(1, 4, 1))
    assert not torch.allclose(one, other)
