"""What an experiment says of its features: rates, spectrograms, text, and the settings of each."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ConfigDict, PositiveInt, ValidationError, create_model, model_validator
from pydantic.fields import FieldInfo

from hiervox.models.base.config import ExperimentConfig
from hiervox.models.base.data.feature_registry import FEATURES, FeatureClass
from hiervox.processors.audio import FRAME_RATE, SAMPLE_RATE
from hiervox.processors.spectrogram import SpectrogramConfig
from hiervox.processors.text.config import TextConfig
from hiervox.utils.config import Config
from hiervox.utils.errors import ConfigError

if TYPE_CHECKING:
    from hiervox.processors.semantic.config import SemanticConfig

SectionT = TypeVar("SectionT", bound=Config)


@lru_cache(maxsize=1)
def _declared_by(features: tuple[FeatureClass, ...]) -> type[Config]:
    """A section with the settings of some features, each of the type that the feature declares."""
    declared = {key: entry for feature in features for key, entry in feature.settings.items()}
    section: type[Config] = create_model("FeaturesConfig", __base__=Config, **declared)  # type: ignore[call-overload]
    return section


def _settings() -> type[Config]:
    return _declared_by(tuple(FEATURES.values()))


class FeaturesConfig(Config):
    """The `features` section of an experiment: the settings of every feature that has any.

    Each feature declares its own (`Feature.settings`); they are looked up when a section is validated.
    """

    model_config = ConfigDict(extra="allow")

    if TYPE_CHECKING:

        def __init__(self, **settings: Any) -> None: ...

        def __getattr__(self, name: str) -> Any: ...

    @model_validator(mode="before")
    @classmethod
    def _declared(cls, given: object) -> object:
        return dict(_settings().model_validate(given)) if isinstance(given, Mapping) else given

    @classmethod
    def known_fields(cls) -> dict[str, FieldInfo]:
        """Those of the features that are installed."""
        return _settings().known_fields()


def semantic_by_default(given: Any, semantic: SemanticConfig) -> Any:
    """An experiment's sections, in which `features.semantic` is such vectors unless it is set.

    Args:
        given: the sections as they are before validation.
        semantic: of systems that were published with others than the feature's own default.
    """
    if not isinstance(given, Mapping):
        return given
    features = given.get("features") or {}
    return (
        {**given, "features": {"semantic": semantic, **features}} if isinstance(features, Mapping) else given
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
