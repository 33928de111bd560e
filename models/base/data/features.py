"""What `hiervox extract` computes, and the file that says what a feature folder was made with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import Field, ValidationError, model_validator

from hiervox.processors.perturbation import PerturbationConfig
from hiervox.processors.pitch import PitchConfig
from hiervox.processors.semantic import SemanticConfig, require_same_features
from hiervox.utils.config import Config, Layered, load_layers, validate
from hiervox.utils.errors import ConfigError, DataError
from hiervox.utils.files import write_json

FEATURES_NAME = "features.json"
F0_HOP_SECONDS = 0.005


class FeaturesConfig(Config):
    """The features that are dear to compute, and hence stored with the cuts.

    Attributes:
        semantic: the semantic encoder.
        pitch: the F0 tracker.
        perturbed_copies: how many differently perturbed copies of an utterance get semantic vectors; training
            picks one at random. 0 where nothing reads them.
        perturbation: how strongly they are perturbed.
    """

    semantic: SemanticConfig = SemanticConfig()
    pitch: PitchConfig = PitchConfig()
    perturbed_copies: int = Field(1, ge=0)
    perturbation: PerturbationConfig = PerturbationConfig()

    @model_validator(mode="after")
    def _check_hop(self) -> FeaturesConfig:
        if self.pitch.hop_seconds != F0_HOP_SECONDS:
            raise ValueError(f"pitch.hop_seconds has to be {F0_HOP_SECONDS}: the models take F0 at 200 Hz")
        return self


class _FeaturesFile(Config):
    features: FeaturesConfig


def load_features_config(path: Path, overrides: Sequence[str] = ()) -> FeaturesConfig:
    """The `features` section of an experiment's config file, with `features.key=value` overrides.

    Raises:
        ConfigError: the file has no such section, or something is wrong in it.
    """
    layered = load_layers(path, overrides)
    if "features" not in layered.values:
        raise ConfigError(
            f"{path} has no section `features`", "name the config file of a part that needs features"
        )
    section = Layered()
    section.values, section.sources = {"features": layered.values["features"]}, layered.sources
    return validate(section, _FeaturesFile).features


def write_features(folder: Path, features: FeaturesConfig) -> None:
    """Write `features.json`."""
    write_json(folder / FEATURES_NAME, features.model_dump(mode="json"))


def read_features(folder: Path) -> FeaturesConfig:
    """What a feature folder was made with.

    Raises:
        DataError: it has no readable `features.json`.
    """
    path = folder / FEATURES_NAME
    if not path.is_file():
        raise DataError(f"{folder} has no {FEATURES_NAME}", "name a folder that `hiervox extract` wrote")
    try:
        return FeaturesConfig.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, ValidationError) as error:
        raise DataError(f"{path} can't be read ({error})", "extract again into a new folder") from error


def require_features(folder: Path, wanted: FeaturesConfig, fields: frozenset[str]) -> None:
    """Make sure that a feature folder holds what an experiment asks for.

    Args:
        folder: written by `hiervox extract`.
        wanted: the experiment's `features`.
        fields: what the experiment reads; settings of anything else may differ.

    Raises:
        ConfigError: naming the setting, its stored and its wanted value.
    """
    stored = read_features(folder)
    where = str(folder / FEATURES_NAME)
    if {"semantic", "semantic_perturbed"} & fields:
        require_same_features(wanted.semantic, stored.semantic, where)
    if "f0" in fields:
        _require_equal("pitch", stored.pitch, wanted.pitch, where)
    if "semantic_perturbed" in fields:
        _require_equal("perturbed_copies", stored.perturbed_copies, wanted.perturbed_copies, where)
        _require_equal("perturbation", stored.perturbation, wanted.perturbation, where)


def _require_equal(name: str, stored: object, wanted: object, where: str) -> None:
    if stored != wanted:
        raise ConfigError(
            f"{where} was made with features.{name} {stored}, but the experiment says {wanted}",
            "extract again into a new folder, or set the experiment's features to these",
        )
