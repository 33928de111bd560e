"""Importing the authors' synthesizer checkpoints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from hiervox.models.tts.hierspeechpp.published.synthesizer import import_synthesizer
from hiervox.utils.errors import CheckpointError

PUBLISHED_SIZES = {
    "inter_channels": 192,
    "hidden_channels": 192,
    "filter_channels": 768,
    "n_heads": 2,
    "upsample_rates": [4, 5, 4, 2, 2],
    "upsample_initial_channel": 512,
    "upsample_kernel_sizes": [8, 11, 8, 4, 4],
    "resblock_kernel_sizes": [3, 7, 11],
    "resblock_dilation_sizes": [[1, 3, 5], [1, 3, 5], [1, 3, 5]],
    "gin_channels": 256,
}


@pytest.fixture(scope="module")
def published(shared: Path) -> dict[str, torch.Tensor]:
    spec = json.loads((shared / "parity" / "official" / "hierspeechpp_synthesizer.spec.json").read_text())
    return {name: torch.empty(shape, device="meta") for name, shape in spec.items()}


def test_null_style_is_scaled_as_the_authors_look_it_up(published: dict[str, torch.Tensor]) -> None:
    _, tensors = import_synthesizer({**published, "emb.weight": torch.full((1, 256), 0.5)}, {})
    assert tensors["null_style"].shape == (1, 256, 1)
    assert (tensors["null_style"] == 8).all()


def test_null_style_is_zero_where_none_was_trained(published: dict[str, torch.Tensor]) -> None:
    _, tensors = import_synthesizer(published, {"model": PUBLISHED_SIZES})
    assert not tensors["null_style"].any()


def test_filter_buffers_are_left_out(published: dict[str, torch.Tensor]) -> None:
    name = "dec.resblocks.0.activations.0.upsample.filter"
    _, tensors = import_synthesizer({**published, name: torch.empty(1, 1, 12)}, {})
    assert not any(key.endswith("filter") for key in tensors)


def test_sizes_come_from_the_published_config(published: dict[str, torch.Tensor]) -> None:
    with pytest.raises(
        CheckpointError, match=r"dec.conv_pre.\w+ is \(512, 192, 7\) instead of \(256, 192, 7\)"
    ):
        import_synthesizer(
            {name: tensor for name, tensor in published.items() if name.startswith("dec.")},
            {"model": {**PUBLISHED_SIZES, "upsample_initial_channel": 256}},
        )


def test_missing_and_surplus_tensors_are_named(published: dict[str, torch.Tensor]) -> None:
    tensors = {name: tensor for name, tensor in published.items() if name != "sn.conv_post.weight"}
    with pytest.raises(CheckpointError, match=r"surplus emb_h.weight.*missing source.pitch.weight"):
        import_synthesizer({**tensors, "emb_h.weight": torch.empty(1)}, {})


def test_a_config_that_does_not_fit_is_named() -> None:
    with pytest.raises(CheckpointError, match="latent_channels must be even"):
        import_synthesizer({}, {"model": {"inter_channels": 191}})
