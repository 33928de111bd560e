"""Features by name, and the file that says what a feature folder was made with."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hiervox.models.base.data.feature import MISSING, Feature, Networks
from hiervox.models.base.data.feature_registry import FEATURES
from hiervox.models.base.data.setup import FeatureSetup
from hiervox.utils.errors import ConfigError, DataError
from hiervox.utils.files import write_json
from hiervox.utils.json_files import read_json

FEATURES_NAME = "features.json"


def build_features(fields: Iterable[str], setup: FeatureSetup, device: str = "cpu") -> dict[str, Feature]:
    """The features of some fields by name, in alphabetical order.

    Args:
        fields: their names.
        setup: the experiment's.
        device: of the networks that they are computed by.

    Raises:
        ConfigError: there is no such feature; names the nearest.
    """
    networks = Networks(device)
    return {name: FEATURES.named(name)(setup, networks) for name in sorted(fields)}


def write_features(folder: Path, setup: FeatureSetup, fields: Iterable[str]) -> None:
    """Write `features.json`."""
    write_json(folder / FEATURES_NAME, _record(setup, fields))


def _record(setup: FeatureSetup, fields: Iterable[str]) -> dict[str, Any]:
    stored = {name: feature for name, feature in build_features(fields, setup).items() if feature.stored}
    return {
        "sample_rate": setup.sample_rate,
        "pad_multiple": setup.pad_multiple or setup.hop_length,
        "features": {name: feature.recipe() for name, feature in stored.items()},
    }


def read_features(folder: Path) -> dict[str, Any]:
    """What a feature folder was made with: `sample_rate`, `pad_multiple`, and the recipe of each feature.

    Raises:
        DataError: it has no readable `features.json`.
    """
    path = folder / FEATURES_NAME
    if not path.is_file():
        raise DataError(f"{folder} has no {FEATURES_NAME}", "name a folder that `hiervox extract` wrote")
    try:
        record = read_json(path)
        if not isinstance(record["features"], dict):
            raise TypeError("features is not an object")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} can't be read ({error})", "extract again into a new folder") from error
    return dict(record)


def same_features(folder: Path, setup: FeatureSetup, fields: Iterable[str]) -> bool:
    """Whether a feature folder was begun with just these features."""
    return read_features(folder) == json.loads(json.dumps(_record(setup, fields)))


def shared_features(folder: Path, setup: FeatureSetup, fields: Iterable[str]) -> frozenset[str]:
    """Of some stored features those that a folder holds as `setup` wants them; none of a plain manifest's.

    Features that depend on nothing but rate and text are not among them: they cost nothing to make again.
    """
    if not (folder / FEATURES_NAME).is_file():
        return frozenset()
    record, wanted = read_features(folder), json.loads(json.dumps(_record(setup, fields)))
    if any(record.get(key) != wanted[key] for key in ("sample_rate", "pad_multiple")):
        return frozenset()
    recipes = record["features"]
    return frozenset(
        name for name, recipe in wanted["features"].items() if recipe and recipes.get(name) == recipe
    )


def require_features(folder: Path, setup: FeatureSetup, fields: Iterable[str]) -> None:
    """Make sure that a feature folder holds what an experiment asks for.

    Args:
        folder: written by `hiervox extract`; one of plain recordings serves features that are not stored.
        setup: the experiment's.
        fields: what the experiment reads; settings of anything else may differ.

    Raises:
        ConfigError: naming the setting, its stored and its wanted value.
        DataError: a feature is not there.
    """
    needed = {name: feature for name, feature in build_features(fields, setup).items() if feature.stored}
    if not needed or (needed.keys() == {"wav"} and not (folder / FEATURES_NAME).exists()):
        return  # waveforms can be read from the recordings too
    record = read_features(folder)
    where = str(folder / FEATURES_NAME)
    for name, feature in needed.items():
        if name not in record["features"]:
            if name == "wav":
                continue
            raise DataError(f"{folder} holds no {name}", MISSING)
        feature.require_recipe(record["features"][name], where)
    wanted = {"sample_rate": setup.sample_rate, "pad_multiple": setup.pad_multiple or setup.hop_length}
    for key, value in wanted.items():
        if any(feature.axis == "time" for feature in needed.values()) and record.get(key) != value:
            raise ConfigError(
                f"{where} was made with data.{key} {record.get(key)}, but the experiment says {value}",
                "extract again into a new folder, or change the experiment",
            )
