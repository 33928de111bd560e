"""The codec at a tiny size; agreement with published code is a golden case."""

from __future__ import annotations

import pytest
import torch

from tests.models.codec.encodec.tiny_encodec import tiny_encodec

STEREO = {
    "audio_channels": 2,
    "causal": False,
    "normalization": "group",
    "scale_input": True,
    "segment_seconds": 0.1,
}


@pytest.mark.parametrize("samples", [1, 320, 321, 5000])
@pytest.mark.parametrize("sizes", [{}, STEREO])
def test_every_length_comes_back_at_most_a_hop_longer(samples: int, sizes: dict) -> None:
    codec = tiny_encodec(**sizes)
    wav = torch.randn(2, codec.config.audio_channels, samples)
    segments = codec.encode(wav, 2)
    decoded = codec.decode(segments)
    assert samples <= decoded.shape[-1] < samples + 320
    assert all(segment.codes.shape[1] == 2 for segment in segments)


def test_a_causal_encoder_does_not_look_ahead() -> None:
    codec, wav = tiny_encodec(), torch.randn(1, 1, 40 * 320)
    changed = wav.clone()
    changed[..., 30 * 320 :] += 1  # far from the reflected beginning
    with torch.no_grad():
        before, after = codec.encoder(wav), codec.encoder(changed)
    torch.testing.assert_close(before[..., :30], after[..., :30])
    assert not torch.allclose(before[..., 30:], after[..., 30:])


def test_forward_gives_the_decoded_codes_where_there_are_no_segments() -> None:
    codec, wav = tiny_encodec(), torch.randn(1, 1, 1700)
    with torch.no_grad():
        decoded, quantized = codec(wav, 3)
    (segment,) = codec.encode(wav, 3)
    assert torch.equal(segment.codes, quantized.codes)
    torch.testing.assert_close(codec.decode([segment])[..., :1700], decoded)


def test_the_level_of_the_input_comes_back_where_it_is_scaled() -> None:
    codec = tiny_encodec(**STEREO)
    wav = torch.randn(1, 2, 4000)
    loud, quiet = (codec.decode(codec.encode(factor * wav)) for factor in (1.0, 0.01))
    torch.testing.assert_close(loud, 100 * quiet, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("normalization", ["weight", "group"])
def test_weights_that_keep_variance_let_speech_through(normalization: str) -> None:
    wav = 0.08 * torch.randn(2, 1, 20 * 320)
    spread = {}
    for keep_variance in (False, True):
        codec = tiny_encodec(normalization=normalization, keep_variance=keep_variance)
        embeddings = codec.encoder(wav)
        offsets = embeddings.mean((0, 2)).std()
        spread[keep_variance] = embeddings.std(2).mean() / offsets
        assert torch.isfinite(codec.decoder(embeddings)).all()
    assert spread[True] > 0.5
    assert normalization == "group" or spread[False] < 0.2


def test_the_decoder_may_end_in_an_inverse_stft() -> None:
    decoder = {"kind": "vocos", "in_channels": 16, "channels": 8, "hidden_channels": 8, "n_blocks": 1}
    codec, wav = tiny_encodec(decoder=decoder), torch.randn(1, 1, 1700)
    with torch.no_grad():
        decoded, _ = codec(wav, 3)
    torch.testing.assert_close(codec.decode(codec.encode(wav, 3))[..., :1700], decoded)
    with pytest.raises(ValueError, match="needs in_channels 16"):
        tiny_encodec(decoder=decoder | {"in_channels": 8})
