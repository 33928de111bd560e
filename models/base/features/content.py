"""Content vectors of one or several encoders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from hiervox.models.base.data.feature import Feature, Settings
from hiervox.models.base.features.semantic import Semantic
from hiervox.processors.semantic import SemanticConfig, require_same_features

if TYPE_CHECKING:
    from torch import Tensor

    from hiervox.models.base.data.random_clips import RandomClips

CONTENTVEC = SemanticConfig(family="hubert", name="lengyue233/content-vec-best", projected=True)
MERT = SemanticConfig(family="mert", name="m-a-p/MERT-v1-330M")
WHISPER_MEDIUM = SemanticConfig(family="whisper", name="openai/whisper-medium", layer=24)
KEY = "features.content"


class Content(Semantic):
    """Vectors of all encoders of `features.content`, one above the other: (B, C, rows), 50 a second.

    Stored in float16. An encoder is set as `features.semantic` is.
    """

    name = "content"
    settings: ClassVar[Settings] = {"content": (tuple[SemanticConfig, ...], (WHISPER_MEDIUM, CONTENTVEC))}

    @property
    def encoders(self) -> tuple[SemanticConfig, ...]:
        """Those of `features.content`."""
        found: tuple[SemanticConfig, ...] = self.config.features.content
        return found

    def recipe(self) -> dict[str, Any]:
        """The encoders."""
        return Feature.recipe(self)

    def require_recipe(self, stored: Mapping[str, Any], where: str) -> None:
        """As of any feature, but copies of the encoders under other paths are the same."""
        given = [SemanticConfig.model_validate(encoder) for encoder in stored[KEY]]
        if len(given) != len(self.encoders):
            Feature.require_recipe(self, stored, where)
        for own, other in zip(self.encoders, given, strict=True):
            require_same_features(own, other, where)

    def random(self, clips: RandomClips) -> Tensor:
        """Vectors of as many channels as the network takes of all encoders."""
        channels = sum(clips.model.condition.content_channels)
        return clips.normal(channels, self.rows(clips.frames))
