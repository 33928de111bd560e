"""Sizes that can't work together are refused, by name."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from hiervox.models.tts.hierspeechpp.config import SynthesizerConfig
from hiervox.models.tts.hierspeechpp.networks.spectral_generator import SpectralGeneratorSizes


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
        ({"generator": {"rates": [4, 80]}}, "generator.kernel_sizes"),
        ({"generator": {"kernel_sizes": [8, 10, 8, 4, 4]}}, "generator.kernel_sizes"),
        ({"generator": {"initial_channels": 48}}, "generator.initial_channels"),
        ({"generator": {"kind": "istft", "rates": [4, 40]}}, "generator.rates"),
        ({"generator": {"kind": "istft", "window_length": 321}}, "generator.window_length"),
        ({"generator": {"kind": "vocos"}}, "'amp', 'istft'"),
        ({"acoustic_posterior": {"waveform_channels": [16, 32]}}, "acoustic_posterior"),
        ({"acoustic_posterior": {"waveform_rates": [8, 5, 4, 4]}}, "waveform_rates"),
        ({"noise_floor": 1.5}, "noise_floor needs generator.kind istft"),
        ({"source": {"rates": [2, 3], "kernel_sizes": [4, 5]}}, "source.rates"),
    ],
)
def test_unfitting_sizes_are_refused(section: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        SynthesizerConfig.model_validate(section)


def test_a_generator_of_no_kind_is_the_published_one() -> None:
    tree = SynthesizerConfig().model_dump(mode="json")
    del tree["generator"]["kind"]
    assert SynthesizerConfig.model_validate(tree) == SynthesizerConfig()


def test_the_light_generator_comes_back_from_its_tree() -> None:
    config = SynthesizerConfig(generator=SpectralGeneratorSizes(source_blocks=2))
    assert config.hop_length == 320
    assert SynthesizerConfig.model_validate(config.model_dump(mode="json")) == config
