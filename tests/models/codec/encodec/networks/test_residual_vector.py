"""Tests of `hiervox.models.codec.encodec.networks.residual_vector`."""

from __future__ import annotations

import torch

from hiervox.models.codec.encodec.networks.residual_vector import ResidualVectorQuantizer, ResidualVectorSizes


def _quantizer() -> ResidualVectorQuantizer:
    torch.manual_seed(5)
    quantizer = ResidualVectorQuantizer(ResidualVectorSizes(n_codebooks=4, n_entries=16, dimension=8))
    for number, codebook in enumerate(quantizer.codebooks):
        codebook.get_buffer("entries").copy_(torch.randn(16, 8) * 0.5**number)
    return quantizer.eval()


def test_fewer_codebooks_are_a_prefix_of_more() -> None:
    quantizer, x = _quantizer(), torch.randn(2, 8, 30)
    codes = quantizer.encode(x)
    assert torch.equal(quantizer.encode(x, 2), codes[:, :2])
    errors = [float((quantizer.decode(codes[:, :count]) - x).square().mean()) for count in (1, 2, 4)]
    assert errors == sorted(errors, reverse=True)


def test_forward_gives_what_encode_and_decode_give() -> None:
    quantizer, x = _quantizer(), torch.randn(2, 8, 30)
    quantized = quantizer(x, 3)
    assert torch.equal(quantized.codes, quantizer.encode(x, 3))
    torch.testing.assert_close(quantized.embeddings, quantizer.decode(quantized.codes))


def test_unused_codebooks_stay_as_they_are_in_training() -> None:
    quantizer, x = _quantizer().train(), torch.randn(2, 8, 30)
    quantizer(x, 2)
    assert [bool(codebook.get_buffer("initialized")) for codebook in quantizer.codebooks] == [
        True,
        True,
        False,
        False,
    ]
