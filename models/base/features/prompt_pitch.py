"""The pitch of a voice, taken elsewhere than from the utterance that is to be spoken."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch

from hiervox.models.base.data.feature import Networks, Settings
from hiervox.models.base.features.f0 import F0
from hiervox.models.base.features.prompt import Prompt
from hiervox.processors.pitch import PitchConfig, pitch_level

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from hiervox.models.base.data.clip import Clip
    from hiervox.models.base.data.random_clips import RandomClips
    from hiervox.models.base.data.setup import FeatureSetup


class PromptPitch(Prompt):
    """`pitch_level` of a segment chosen as prompts are: (B, 2), Hz.

    It is another draw than the batch's prompt, of the clean recording. 0, 0 where nothing is voiced.
    """

    name = "prompt_pitch"
    axis = "none"
    settings: ClassVar[Settings] = {**Prompt.settings, "pitch": (PitchConfig, PitchConfig())}

    def __init__(self, config: FeatureSetup, networks: Networks | None = None) -> None:
        super().__init__(config, networks)
        self._f0 = F0(config, self.networks)

    def compute(self, clip: Clip) -> NDArray[np.float32]:
        """(2,)."""
        return np.array(pitch_level(self._f0.read_or_compute(self.choose(clip))), np.float32)

    def random(self, clips: RandomClips) -> Tensor:
        """A low voice."""
        return torch.tensor([[120.0, 20.0]]).repeat(len(clips.wav), 1)
