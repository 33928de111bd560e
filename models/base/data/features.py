"""What an experiment says of its features, and the file that says what a feature folder was made with."""

from __future__ import annotations

import json
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import PositiveInt, ValidationError, create_model, model_validator

from hiervox.models.base.config import ExperimentConfig
from hiervox.models.base.data.feature import MISSING
from hiervox.models.base.data.feature_registry import FEATURES, build_features
from hiervox.processors.audio import FRAME_RATE, SAMPLE_RATE
from hiervox.processors.spectrogram import SpectrogramConfig
from hiervox.processors.text.config import TextConfig
from hiervox.utils.config import Config
from hiervox.utils.errors import ConfigError, DataError
from hiervox.utils.files import write_json

FEATURES_NAME = "features.json"
SectionT = TypeVar("SectionT", bound=Config)

if TYPE_CHECKING:

    class FeaturesConfig(Config):
        """The `features` section of an experiment: the settings of every feature that has any."""

        def __init__(self, **settings: Any) -> None: ...

        def __getattr__(self, name: str) -> Any: ...
else:
    FeaturesConfig = create_model(
        "FeaturesConfig",
        __base__=Config,
        __module__=__name__,
        __doc__="The `features` section of an experiment: the settings of every feature that has any.",
        **{key: entry for feature in FEATURES.values() for key, entry in feature.settings.items()},
    )


class FeatureSetup(Config):
    """All that features depend on.

    Attributes:
        sample_rate: of the waveforms, Hz.
        hop_length: samples to a frame.
        pad_multiple: utterances are padded to the next multiple of so many samples, by one at least; None
            pads to whole frames.
        mel: of the spectrograms.
        text: of the tokens; None takes texts in every language, and the symbols of the published model.
        features: settings of the features themselves.
    """

    sample_rate: PositiveInt = SAMPLE_RATE
    hop_length: PositiveInt = SAMPLE_RATE // FRAME_RATE
    pad_multiple: PositiveInt | None = None
    mel: SpectrogramConfig = SpectrogramConfig()
    text: TextConfig | None = None
    features: FeaturesConfig = FeaturesConfig()

    @model_validator(mode="after")
    def _whole_frames(self) -> FeatureSetup:
        if self.pad_multiple is not None and self.pad_multiple % self.hop_length:
            raise ValueError(
                f"data.pad_multiple {self.pad_multiple} is not a multiple of the hop length {self.hop_length}"
            )
        return self

    @property
    def symbols(self) -> tuple[str, ...]:
        """Of the tokens."""
        return (self.text or TextConfig()).symbols

    @property
    def frame_rate(self) -> Fraction:
        """Frames a second."""
        return Fraction(self.sample_rate, self.hop_length)

    @classmethod
    def of(cls, experiment: ExperimentConfig) -> FeatureSetup:
        """Of an experiment's `data`, and its sections `mel`, `text` and `features` where it has them.

        Raises:
            ConfigError: they don't fit together.
        """
        data = experiment.data
        mel = _section(experiment, "mel", SpectrogramConfig)
        hop_length = data.sample_rate // FRAME_RATE
        if mel is not None and mel.sample_rate == data.sample_rate:
            hop_length = mel.hop_length
        try:
            return cls(
                sample_rate=data.sample_rate,
                hop_length=data.hop_length or hop_length,
                pad_multiple=data.pad_multiple,
                mel=mel or SpectrogramConfig(),
                text=_section(experiment, "text", TextConfig),
                features=_section(experiment, "features", FeaturesConfig) or FeaturesConfig(),
            )
        except ValidationError as error:
            raise ConfigError(error.errors()[0]["msg"].removeprefix("Value error, "), "change one") from error


def _section(experiment: ExperimentConfig, name: str, kind: type[SectionT]) -> SectionT | None:
    section = getattr(experiment, name, None)
    return section if isinstance(section, kind) else None


def write_features(folder: Path, setup: FeatureSetup, fields: Iterable[str]) -> None:
    """Write `features.json`."""
    write_json(folder / FEATURES_NAME, _record(setup, fields))


def _record(setup: FeatureSetup, fields: Iterable[str]) -> dict[str, Any]:
    stored = {name: one for name, one in build_features(fields, setup).items() if one.stored}
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
        record = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(record["features"], dict):
            raise TypeError("features is not an object")
    except (ValueError, KeyError, TypeError) as error:
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
    needed = {name: one for name, one in build_features(fields, setup).items() if one.stored}
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
        if any(one.axis == "time" for one in needed.values()) and record.get(key) != value:
            raise ConfigError(
                f"{where} was made with data.{key} {record.get(key)}, but the experiment says {value}",
                "extract again into a new folder, or change the experiment",
            )
