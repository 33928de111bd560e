"""What features share that are computed of the samples at hand, frame by frame."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

import numpy as np
import torch

from hiervox.models.base.data.feature import Feature, Networks
from hiervox.utils.errors import ConfigError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from hiervox.models.base.data.clip import Clip
    from hiervox.models.base.data.random_clips import RandomClips
    from hiervox.models.base.data.setup import FeatureSetup


class SpectralFeature(Feature):
    """A feature by the experiment's `mel`, computed on the fly, one row a frame.

    Raises:
        ConfigError: `mel` has another sampling rate or hop length than `data`.
    """

    def __init__(self, config: FeatureSetup, networks: Networks | None = None) -> None:
        super().__init__(config, networks)
        mel = config.mel
        for key, wanted in (("sample_rate", config.sample_rate), ("hop_length", config.hop_length)):
            if getattr(mel, key) != wanted:
                raise ConfigError(
                    f"mel.{key} is {getattr(mel, key)}, but the frames of {self.name} have {wanted}",
                    f"make mel.{key} and data.{key} agree",
                )

    @abstractmethod
    def transform(self, wav: Tensor) -> Tensor:
        """Samples (1, T) → (1, [channels,] frames)."""

    def random(self, clips: RandomClips) -> Tensor:
        """Of noise."""
        return self.transform(clips.wav)[..., : clips.frames].clone()  # it was made without gradients

    def compute(self, clip: Clip) -> NDArray[np.float32]:
        """(frames, [channels]) of the clip's samples; a clip shorter than one window is padded with zeros."""
        wav = clip.wav
        needed = self.config.mel.n_fft // 2 + 1
        padded = np.pad(wav, (0, max(0, needed - wav.size)))
        spectrum = self.transform(torch.from_numpy(padded)[None])[0]
        frames = spectrum[..., : wav.size // self.config.hop_length]
        rows: NDArray[np.float32] = frames.T.numpy() if frames.dim() == 2 else frames.numpy()
        return rows
