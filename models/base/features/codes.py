"""Codes of a neural codec."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import PositiveFloat, PositiveInt

from hiervox.models.base.data.feature import Feature, Settings
from hiervox.utils.config import Config
from hiervox.utils.errors import ConfigError
from hiervox.utils.registry import resolve

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from hiervox.models.base.data.clip import Clip
    from hiervox.models.base.data.random_clips import RandomClips

LOAD = "hiervox.models.base.pipelines.loading:load"  # by name: pipelines need not be there to train

MOST_CODEBOOKS, LEAST_CODEBOOK_SIZE = 8, 256
"""Of codes that are made up."""


class CodesConfig(Config):
    """Which codec, and how it codes.

    Attributes:
        model: name or folder of a model of the task codec.
        frame_rate: codes a second of each codebook.
        codebooks: how many are kept, the coarsest first; None keeps all.
        attributes: of a codec whose tokens tell attributes of speech, those whose codebooks are kept, such as
            `content`; all where none is named.
    """

    model: str | None = None
    frame_rate: PositiveFloat = 75.0
    codebooks: PositiveInt | None = None
    attributes: tuple[str, ...] = ()


class Codes(Feature):
    """Codes by `features.codes`: (B, codebooks, rows), stored in int16."""

    name = "codes"
    stored = True
    settings: ClassVar[Settings] = {"codes": (CodesConfig, CodesConfig())}

    @property
    def frame_rate(self) -> Fraction:
        """That of the codec."""
        return Fraction(self.config.features.codes.frame_rate).limit_denominator(1_000_000)

    def load(self) -> None:
        """Load the codec.

        Raises:
            ConfigError: no codec is named, or it has another frame rate.
        """
        self._codec()

    def _codec(self) -> Any:
        config = self.config.features.codes
        if config.model is None:
            raise ConfigError("features.codes.model names no codec", "set it to a name or a folder")
        load = resolve(LOAD)
        codec = self.networks.get(config, lambda device: load(config.model, task="codec", device=device))
        if abs(codec.frame_rate - config.frame_rate) > 1e-3:
            raise ConfigError(
                f"{config.model} has {codec.frame_rate:g} frames a second, but features.codes.frame_rate is "
                f"{config.frame_rate:g}",
                "set it to that of the codec",
            )
        known = getattr(codec, "attributes", {})
        unknown = sorted(set(config.attributes) - set(known))
        if unknown:
            raise ConfigError(
                f"the tokens of {config.model} have no attribute {unknown[0]}",
                f"features.codes.attributes may name {', '.join(known) or 'none'}",
            )
        return codec

    def compute(self, clip: Clip) -> NDArray[np.int16]:
        """(rows, codebooks)."""
        config, codec = self.config.features.codes, self._codec()
        codes = np.asarray(codec.encode(clip.wav, self.config.sample_rate, config.codebooks))
        if config.attributes:
            owners = np.repeat(list(codec.attributes), list(codec.attributes.values()))[: len(codes)]
            codes = codes[np.isin(owners, config.attributes)]
        return codes.T.astype(np.int16)

    def read(self, clip: Clip) -> NDArray[np.int64]:
        """(rows, codebooks) as stored."""
        return clip.stored(self.name).astype(np.int64)

    def random(self, clips: RandomClips) -> Tensor:
        """Entries that every codec here has, of as many codebooks as VALL-E writes where none is said."""
        codebooks = self.config.features.codes.codebooks or MOST_CODEBOOKS
        return clips.integers(0, LEAST_CODEBOOK_SIZE, codebooks, self.rows(clips.frames))
