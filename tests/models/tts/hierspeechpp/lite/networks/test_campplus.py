"""CAM++."""

from __future__ import annotations

import torch

from hiervox.models.tts.hierspeechpp.lite.networks.campplus import CAMPlusPlus, CAMPlusPlusSizes


def network() -> CAMPlusPlus:
    torch.manual_seed(0)
    return CAMPlusPlus(
        CAMPlusPlusSizes(
            mel_channels=16, embedding_channels=12, initial_channels=8, growth=4, n_layers=(2, 2, 1)
        )
    )


def test_one_embedding_an_utterance_of_any_length() -> None:
    encoder = network()
    for frames in (8, 201, 430):
        assert encoder(torch.randn(3, 16, frames)).shape == (3, 12)


def test_utterances_of_a_batch_do_not_see_each_other() -> None:
    encoder, features = network(), torch.randn(3, 16, 120)
    torch.testing.assert_close(encoder(features)[1:2], encoder(features[1:2]), rtol=1e-4, atol=1e-5)


def test_it_stays_in_eval_mode() -> None:
    encoder = torch.nn.Sequential(network()).train()[0]
    before = {name: value.clone() for name, value in encoder.named_buffers()}
    encoder(torch.randn(2, 16, 50))
    assert not any(module.training for module in encoder.modules())
    for name, value in encoder.named_buffers():
        torch.testing.assert_close(value, before[name])


def test_the_context_reaches_every_frame() -> None:
    """A mask sees the mean of all frames: sound at the end changes what is made of the beginning."""
    layer = network().blocks[0][0]
    x = torch.randn(1, 8, 250)
    other = x.clone()
    other[..., 240:] = 0
    assert not torch.allclose(layer(x)[..., :20], layer(other)[..., :20])


def test_sizes_of_the_published_one() -> None:
    assert sum(weight.numel() for weight in CAMPlusPlus(CAMPlusPlusSizes()).parameters()) == 6_848_544
