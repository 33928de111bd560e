"""Voices on a plane: principal components of what tells them apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hiervox.models.base.pipelines.voice import Voice
from hiervox.utils.errors import ConfigError

LEAST = 2
"""Voices that have places to each other."""


@dataclass(frozen=True)
class VoiceMap:
    """Places of voices.

    Attributes:
        names: of the voices.
        places: (V, 2), on the first two principal components of their vectors.
        shares: (2,), of the variance that each component holds.
    """

    names: list[str]
    places: NDArray[np.float64] = field(repr=False)
    shares: NDArray[np.float64]


def map_voices(voices: Mapping[str, Voice]) -> VoiceMap:
    """Where voices lie to each other.

    Args:
        voices: by name, all of one model.

    Raises:
        ConfigError: fewer than two, or voices that no vector tells apart.
    """
    if len(voices) < LEAST:
        raise ConfigError(f"{len(voices)} voice makes no map", f"name {LEAST} or more")
    vectors = np.stack([_vector(voice) for voice in _alike(voices)])
    centred = vectors - vectors.mean(0)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    power = values**2
    if not power.sum() > 0:
        raise ConfigError("no vector tells the voices of this model apart", "leave --voices out")
    return VoiceMap(list(voices), (left * values)[:, :2], power[:2] / power.sum())


def _alike(voices: Mapping[str, Voice]) -> list[dict[str, NDArray[np.float64]]]:
    """The tensors of floats that all voices have in one shape."""
    found = [
        {
            name: tensor.double().numpy()
            for name, tensor in voice.tensors.items()
            if tensor.is_floating_point()
        }
        for voice in voices.values()
    ]
    first, *others = found
    names = [
        name
        for name, values in first.items()
        if all(name in other and other[name].shape == values.shape for other in others)
    ]
    if not names:
        raise ConfigError("no vector tells the voices of this model apart", "leave --voices out")
    return [{name: own[name] for name in names} for own in found]


def _vector(tensors: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.concatenate([values.ravel() for values in tensors.values()])
