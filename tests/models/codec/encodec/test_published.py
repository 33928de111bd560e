"""Tests of `hiervox.models.codec.encodec.published` on what golden files don't hold: transformers' names."""

from __future__ import annotations

import pytest
import torch

from hiervox.models.codec.encodec.networks.encodec import Encodec
from hiervox.models.codec.encodec.published import import_encodec
from hiervox.utils.errors import CheckpointError


@pytest.mark.parametrize("stereo", [False, True])
def test_transformers_weights_give_what_transformers_computes(stereo: bool) -> None:
    from transformers import EncodecConfig, EncodecModel

    own = {
        "sampling_rate": 48_000,
        "audio_channels": 2,
        "use_causal_conv": False,
        "norm_type": "time_group_norm",
        "target_bandwidths": [3.0, 6.0],
    }
    torch.manual_seed(1)
    theirs = EncodecModel(EncodecConfig(**(own if stereo else {"target_bandwidths": [1.5, 3.0]}))).eval()
    config, tensors = import_encodec(theirs.state_dict(), {})
    ours = Encodec(config).eval()
    ours.load_state_dict(tensors)
    wav = torch.randn(1, config.audio_channels, 4000)
    with torch.no_grad():
        torch.testing.assert_close(ours.encoder(wav), theirs.encoder(wav), rtol=1e-4, atol=1e-6)
        embeddings = torch.randn(1, 128, 5)
        torch.testing.assert_close(ours.decoder(embeddings), theirs.decoder(embeddings), rtol=1e-4, atol=1e-6)
    assert config.n_codebooks == len(theirs.quantizer.layers)


def test_weights_of_something_else_are_refused() -> None:
    with pytest.raises(CheckpointError, match="not EnCodec's"):
        import_encodec({"a.weight": torch.zeros(1)}, {})
