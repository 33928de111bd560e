"""Sizes that can't work together are refused, by name."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from hiervox.models.tts._hierarchy.config import SynthesizerConfig


def test_the_published_rates_make_a_hop_of_20_ms_and_four_f0_values() -> None:
    assert SynthesizerConfig().hop_length == 320
    assert SynthesizerConfig().pitch_ratio == 4


@pytest.mark.parametrize(
    ("section", "named"),
    [
        ({"latent_channels": 7}, "latent_channels"),
        ({"flow": {"n_heads": 5}}, "flow.n_heads"),
        ({"prosody": {"n_heads": 5}}, "prosody.n_heads"),
        ({"style_hidden_channels": 9}, "style_hidden_channels"),
        ({"semantic_prior": {"kernel_size": 4}}, "kernel_size must be odd"),
        ({"generator": {"rates": [4, 80]}}, "kernel_sizes must be as many"),
        ({"generator": {"kernel_sizes": [8, 10, 8, 4, 4]}}, "plus an even number"),
        ({"generator": {"initial_channels": 48}}, "halved once per rate"),
        ({"acoustic_posterior": {"waveform_channels": [16, 32]}}, "acoustic_posterior"),
        ({"acoustic_posterior": {"waveform_rates": [8, 5, 4, 4]}}, "waveform_rates"),
        ({"source": {"rates": [2, 3], "kernel_sizes": [4, 5]}}, "source.rates"),
    ],
)
def test_unfitting_sizes_are_refused(section: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        SynthesizerConfig.model_validate(section)
