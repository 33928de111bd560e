"""Options that can't work together are refused, by name; former names of keys are read."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from hiervox.models.tts.hierspeechpp.lite.config import LiteSynthesizerConfig
from hiervox.models.tts.hierspeechpp.lite.networks.spectral_generator import SpectralGeneratorSizes
from hiervox.models.tts.hierspeechpp.lite.ttv_config import LiteTextToVecConfig


@pytest.mark.parametrize(
    ("section", "named"),
    [
        ({"generator": {"kind": "istft", "rates": [4, 40]}}, "generator.rates"),
        ({"generator": {"kind": "istft", "window_length": 321}}, "generator.window_length"),
        ({"generator": {"kind": "vocos"}}, "'amp', 'istft'"),
        ({"noise_floor": 1.5}, "noise_floor needs generator.kind istft"),
        ({"discriminator_frames": 31}, "discriminator_frames is over"),
        ({"prior_noise": 0.1, "prior_temperature": 0.2}, "prior_noise is the former name of prior_temp"),
    ],
)
def test_unfitting_options_are_refused(section: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        LiteSynthesizerConfig.model_validate(section)


def test_former_names_are_read() -> None:
    old = {"prior_noise": 0.1, "spoken_ratio": 0.5}
    for schema in (LiteSynthesizerConfig, LiteTextToVecConfig):
        config = schema.model_validate(old)
        assert (config.prior_temperature, config.prior_sampling_ratio) == (0.1, 0.5)
        assert not old.keys() & config.model_dump().keys()
    assert LiteSynthesizerConfig.model_validate({"judged_frames": 8}).discriminator_frames == 8


def test_a_generator_of_no_kind_is_the_published_one() -> None:
    tree = LiteSynthesizerConfig().model_dump(mode="json")
    del tree["generator"]["kind"]
    assert LiteSynthesizerConfig.model_validate(tree) == LiteSynthesizerConfig()


def test_the_light_generator_comes_back_from_its_tree() -> None:
    config = LiteSynthesizerConfig(generator=SpectralGeneratorSizes(source_blocks=2))
    assert config.hop_length == 320
    assert LiteSynthesizerConfig.model_validate(config.model_dump(mode="json")) == config
