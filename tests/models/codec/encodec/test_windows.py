"""Tests of `hiervox.models.codec.encodec.windows`: windows give what one pass does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from hiervox.models.codec.encodec.networks.encodec import Encodec, Segment
from hiervox.models.codec.encodec.pipeline import EncodecPipeline
from hiervox.models.codec.encodec.windows import can_be_windowed, decode_windows, encode_windows
from hiervox.utils.errors import AudioError
from tests.models.codec.encodec.tiny_encodec import tiny_encodec

HOP = 320
VOCOS = {
    "kind": "vocos",
    "in_channels": 16,
    "hop_length": 320,
    "n_fft": 1280,
    "channels": 16,
    "hidden_channels": 32,
    "n_blocks": 2,
}
DECODERS: list[dict[str, Any]] = [{}, {"decoder": VOCOS}]


@torch.inference_mode()
@pytest.mark.parametrize("samples", [5 * HOP, 40 * HOP, 61 * HOP + 133, 60 * HOP + 1])
@pytest.mark.parametrize("frames", [10, 20])
def test_windows_are_coded_as_the_whole(samples: int, frames: int) -> None:
    network = tiny_encodec()
    assert can_be_windowed(network) and network.encoder.context < frames
    wav = 0.2 * torch.randn(1, 1, samples, generator=torch.Generator().manual_seed(1))
    whole = network.encode(wav, 3)[0].codes
    torch.testing.assert_close(encode_windows(network, wav, 3, frames), whole)


@torch.inference_mode()
@pytest.mark.parametrize("sizes", DECODERS)
@pytest.mark.parametrize("total", [3, 40, 61])
def test_windows_are_decoded_as_the_whole(sizes: dict[str, Any], total: int) -> None:
    network = tiny_encodec(**sizes)
    codes = torch.randint(16, (1, 3, total), generator=torch.Generator().manual_seed(1))
    whole = network.decode([Segment(codes, None)])
    chunks = list(decode_windows(network, codes, 20))
    assert len(chunks) == -(-total // 20)
    torch.testing.assert_close(torch.cat(chunks, dim=2), whole, atol=1e-5, rtol=0)


def test_what_looks_ahead_is_coded_in_one_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    network: Encodec = tiny_encodec(causal=False)
    assert not can_be_windowed(network)
    wav = np.random.default_rng(0).normal(0, 0.1, 9000).astype(np.float32)
    whole = network.encode(torch.from_numpy(wav)[None, None])[0].codes[0].numpy()
    pipeline = EncodecPipeline(network)
    np.testing.assert_array_equal(pipeline.encode(wav, 24_000), whole)
    assert pipeline.decode(whole).shape == (whole.shape[1] * HOP,)
    monkeypatch.setattr("hiervox.models.codec.encodec.pipeline.ONE_PASS_SECONDS", 0.1)
    for take in (lambda: pipeline.encode(wav, 24_000), lambda: pipeline.decode(whole)):
        with pytest.raises(AudioError, match=r"looks ahead .*: cut it into recordings of 0.1 s at most"):
            take()
