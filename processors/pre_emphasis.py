"""Pre-emphasis: what a network that draws samples sees of a waveform, and back."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, PositiveFloat
from torch import Tensor
from torch.nn import functional

from hiervox.utils.config import Config


class PreEmphasisConfig(Config):
    """How a waveform is filtered and scaled; by default it stays as it is.

    Attributes:
        coefficient: of x[t] - coefficient * x[t - 1].
        gain: by which the waveform is multiplied.
    """

    coefficient: float = Field(0.0, ge=0, lt=1)
    gain: PositiveFloat = 1.0

    @property
    def changes(self) -> bool:
        """Whether it does anything."""
        return self.coefficient != 0 or self.gain != 1


def pre_emphasize(wav: Tensor, config: PreEmphasisConfig) -> Tensor:
    """(..., T) → (..., T); what is before the first sample counts as silence."""
    return config.gain * (wav - config.coefficient * functional.pad(wav, (1, 0))[..., :-1])


class DeEmphasis:
    """The inverse of `pre_emphasize`, over chunks that follow each other.

    Args:
        config: of the pre-emphasis.
    """

    def __init__(self, config: PreEmphasisConfig) -> None:
        self.config = config
        self._past: NDArray[np.float64] | None = None

    def __call__(self, chunk: Tensor) -> Tensor:
        """(..., T) → (..., T), behind the chunks of the same shape that were given before."""
        from scipy.signal import lfilter

        given = chunk.double().cpu().numpy()
        past = np.zeros((*given.shape[:-1], 1)) if self._past is None else self._past
        wav, self._past = lfilter([1 / self.config.gain], [1, -self.config.coefficient], given, zi=past)
        return torch.from_numpy(wav).to(chunk)
