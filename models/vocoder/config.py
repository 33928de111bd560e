"""What the experiments of all vocoders have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from pydantic import TypeAdapter, model_validator

from hiervox.models.base.config import ExperimentConfig
from hiervox.models.base.data.setup import FeaturesConfig
from hiervox.processors.mel_presets import MelSection
from hiervox.processors.spectrogram import SpectrogramConfig
from hiervox.utils.config import Config, filled
from hiervox.utils.registry import nearest


class VocoderExperiment(ExperimentConfig):
    """A training run of a vocoder.

    A subclass names its section `model` and, in `defaults`, what its authors set. `model` may be the name of
    one of `sizes`, or hold keys over those of `preset`.

    Attributes:
        mel: of the network's input; the name of a preset, or keys over those of `preset`.
        features: settings of the data's features, such as F0.
        defaults: sections that are filled in where a config does not set them.
        sizes: named values of `model`.
        segment_frames: mel frames of a training segment, where `data.segment_samples` is not set.
        context_frames: further frames at either end, which the network uses up.
    """

    mel: MelSection
    features: FeaturesConfig = FeaturesConfig()
    model: Config
    defaults: ClassVar[Mapping[str, Any]] = {}
    sizes: ClassVar[Mapping[str, Config]] = {}
    segment_frames: ClassVar[int] = 32
    context_frames: ClassVar[int] = 0

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        tree = filled(given, cls._defaults(given))
        if isinstance(given.get("discriminators"), Mapping):  # those that are named, and no others
            tree["discriminators"] = cls._named(given["discriminators"])
        tree["model"] = cls._sized(tree.get("model", {}))
        if isinstance(tree.get("data"), Mapping) and "mel" in tree:
            mel: SpectrogramConfig = TypeAdapter(MelSection).validate_python(tree["mel"])
            frames = cls.segment_frames + 2 * cls.context_frames
            fitting = {"sample_rate": mel.sample_rate, "segment_samples": frames * mel.hop_length}
            tree["data"] = filled(tree["data"], fitting)
        return tree

    @classmethod
    def _defaults(cls, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Without a peak where spectrograms are predicted: they are of the recordings as they are."""
        features, own = given.get("features"), cls.defaults.get("features", {})
        if not isinstance(features, Mapping) or not features.get("predicted_by"):
            return cls.defaults
        return {**cls.defaults, "features": {key: own[key] for key in own if key != "peak"}}

    @classmethod
    def _named(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """An entry without a `type` changes the default of its name."""
        default = cls.defaults.get("discriminators", {})
        return {
            name: filled(entry, default.get(name, {}))
            if isinstance(entry, Mapping) and "type" not in entry
            else entry
            for name, entry in given.items()
        }

    @classmethod
    def _sized(cls, model: Any) -> Any:
        """Keys of `model` over those of its preset, or of the system's default."""
        if isinstance(model, str):
            return cls._sized({"preset": model})
        if not isinstance(model, Mapping):
            return model
        name = model.get("preset")
        if name is not None and name not in cls.sizes:
            raise ValueError(f"no sizes {name!r}: {nearest(str(name), cls.sizes)}")
        base = cls.model_fields["model"].default if name is None else cls.sizes[name]
        return {**base.model_dump(), **{key: value for key, value in model.items() if key != "preset"}}

    @model_validator(mode="after")
    def _check_peak(self) -> VocoderExperiment:
        if self.features.peak is not None and self.features.predicted_by is not None:
            raise ValueError(
                "features.peak does not go with features.predicted_by: what is predicted is not scaled"
            )
        return self

    @model_validator(mode="after")
    def _check_mel(self) -> VocoderExperiment:
        mels, hop = getattr(self.model, "in_channels", None), getattr(self.model, "hop_length", None)
        if mels != self.mel.n_mels:
            raise ValueError(f"mel.n_mels {self.mel.n_mels} is not model.in_channels {mels}")
        if hop != self.mel.hop_length:
            raise ValueError(
                f"mel.hop_length {self.mel.hop_length} is not the {hop} samples that model makes"
            )
        if getattr(self.model, "sample_rate", self.mel.sample_rate) != self.mel.sample_rate:
            raise ValueError(f"model.sample_rate must be mel.sample_rate, {self.mel.sample_rate}")
        if self.data.sample_rate != self.mel.sample_rate:
            raise ValueError(f"data.sample_rate must be mel.sample_rate, {self.mel.sample_rate}")
        if self.data.segment_samples is None or self.data.segment_samples < self.mel.n_fft:
            raise ValueError(f"data.segment_samples must be at least mel.n_fft, {self.mel.n_fft}")
        return self


VocoderExperimentT = TypeVar("VocoderExperimentT", bound=VocoderExperiment)


def adam(
    rate: float,
    betas: tuple[float, float] = (0.9, 0.999),
    decay: float = 1.0,
    every: str = "step",
    name: str = "Adam",
) -> dict[str, Any]:
    """`optimizer` and `schedule` of a `train` section: an exponential decay, or with 1 a constant rate."""
    optimizer = {"name": name, "learning_rate": rate, "betas": betas, "eps": 1e-8}
    if name != "AdamW":
        optimizer["weight_decay"] = 0.0
    schedule = {"kind": "constant"} if decay == 1.0 else {"decay": decay, "every": every}
    return {"optimizer": optimizer, "schedule": schedule}
