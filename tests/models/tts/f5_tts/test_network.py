"""Tests of F5-TTS' networks at a tiny size, beyond golden files."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from hiervox.models.tts.f5_tts.networks.f5_tts import F5Tts, F5TtsConfig, Sampling
from hiervox.models.tts.f5_tts.networks.times import sampling_times
from hiervox.modules.functional.masking import sequence_mask
from tests.models.tts.f5_tts.tiny_f5_tts import MODEL, tiny_f5_tts

UNET = {"backbone": "unet"}


@pytest.mark.parametrize(
    "model",
    [{}, {"long_skip": True, "query_key_norm": True}, {"text": {"channels": 16, "masks_filler": False}}],
)
def test_items_of_a_batch_stay_apart(model: dict[str, Any]) -> None:
    network = tiny_f5_tts(**model)
    assert network.config.items_stay_apart
    generator = torch.Generator().manual_seed(0)
    noise, mel = torch.randn(2, 2, 10, 30, generator=generator)
    tokens = torch.randint(1, 100, (2, 12), generator=generator)
    tokens[1, 7:] = 0
    known, mask = (sequence_mask(torch.tensor(lengths), 30) for lengths in ((10, 6), (30, 20)))
    sampling = Sampling(sampling_times(3, -1.0))
    both = network.sample(noise, mel, known, network.texts_apart(tokens, [30, 20]), sampling, mask)
    alone = network.sample(
        noise[1:, :, :20], mel[1:, :, :20], known[1:, :, :20], network.texts(tokens[1:, :7], 20), sampling
    )
    torch.testing.assert_close(both[1:, :, :20], alone, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(alone[0, :, :6], mel[1, :, :6])


@pytest.mark.parametrize("model", [UNET, {"masks_attention": False}])
def test_published_sizes_depend_on_their_batch(model: dict[str, Any]) -> None:
    assert not F5TtsConfig.model_validate({**MODEL, **model}).items_stay_apart


@pytest.mark.parametrize("model", [{}, UNET])
def test_text_and_prompt_change_what_is_filled_in(model: dict[str, Any]) -> None:
    network = tiny_f5_tts(**model)
    noise, mel = torch.randn(2, 1, 10, 20, generator=torch.Generator().manual_seed(0))
    known = sequence_mask(torch.tensor([8]), 20)
    tokens, sampling = torch.tensor([[5, 6, 7, 8]]), Sampling(sampling_times(2))
    texts = network.texts(tokens, 20)
    plain = network.sample(noise, mel, known, texts, sampling)
    for other in (
        network.sample(noise, mel, known, network.texts(tokens + 1, 20), sampling),
        network.sample(noise, 2 * mel, known, texts, sampling),
        network.sample(noise, mel, known, texts, sampling._replace(guidance=0.0)),
        network.sample(noise, mel, known, texts, sampling._replace(solver="midpoint")),
    ):
        assert other.shape == plain.shape and not torch.allclose(other[..., 8:], plain[..., 8:], atol=1e-4)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"channels": 24}, "multiple of 16"),
        ({"backbone": "unet", "n_layers": 3}, "n_layers must be even"),
        ({"rotated_heads": 9}, "rotated_heads is over n_heads, 2"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        F5TtsConfig.model_validate({**MODEL, **wrong})


def test_published_sizes_have_their_parameters() -> None:
    with torch.device("meta"):
        count = {
            name: sum(parameter.numel() for parameter in _network(model).parameters())
            for name, model in {
                "F5-TTS": {"n_symbols": 2546},
                "E2 TTS": {
                    "n_symbols": 2546,
                    "backbone": "unet",
                    "n_layers": 24,
                    "filter_channels": 4096,
                    "text": {"channels": 100, "n_blocks": 0},
                },
            }.items()
        }
    assert count == {"F5-TTS": 337_096_804, "E2 TTS": 333_470_444}


def _network(model: dict[str, Any]) -> torch.nn.Module:
    return F5Tts(F5TtsConfig.model_validate(model))
