"""Prompts as users give them: another segment of a voice than the one to be spoken."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import PositiveFloat, model_validator

from hiervox.models.base.data.clip import Clip, utterance_frames
from hiervox.models.base.data.feature import Corpus, Feature, Networks, Settings
from hiervox.models.base.features.speaker import speaker_of
from hiervox.processors.audio import Waveform
from hiervox.processors.recording_conditions import RecordingConditionsConfig, rerecord
from hiervox.utils.config import Config

if TYPE_CHECKING:
    from lhotse.cut.data import DataCut
    from numpy.typing import NDArray
    from torch import Tensor

    from hiervox.models.base.data.random_clips import RandomClips
    from hiervox.models.base.data.setup import FeatureSetup


class PromptConfig(Config):
    """How prompts of training are chosen.

    Attributes:
        min_seconds, max_seconds: the length is log-uniform between them, or all that there is.
        conditions: what is done to the recording; None leaves it.
    """

    min_seconds: PositiveFloat = 2.0
    max_seconds: PositiveFloat = 10.0
    conditions: RecordingConditionsConfig | None = RecordingConditionsConfig()

    @model_validator(mode="after")
    def _check_range(self) -> PromptConfig:
        if self.min_seconds > self.max_seconds:
            raise ValueError("min_seconds is over max_seconds")
        return self


class Prompt(Feature):
    """A random segment of another utterance of the speaker: (B, samples), with `prompt_lengths`.

    Where there is no other utterance, it is one of what the crop leaves of the utterance itself. An utterance
    without a speaker is its speaker's only one.
    """

    name = "prompt"
    axis: ClassVar[Literal["time", "tokens", "own", "none"]] = "own"
    settings: ClassVar[Settings] = {"prompt": (PromptConfig | None, None)}

    def __init__(self, config: FeatureSetup, networks: Networks | None = None) -> None:
        super().__init__(config, networks)
        self.prompts: PromptConfig = config.features.prompt or PromptConfig()
        self._corpus: Corpus | None = None
        self._numbers: dict[str, NDArray[np.int64]] = {}

    def begin(self, corpus: Corpus) -> None:
        """Remember who speaks what."""
        self._corpus, self._numbers = corpus, corpus.by_speaker()

    def compute(self, clip: Clip) -> Waveform:
        """Samples (T,) at `data.sample_rate`."""
        wav, conditions = self.choose(clip).wav, self.prompts.conditions
        return (
            wav if conditions is None else rerecord(wav, self.config.sample_rate, clip.generator, conditions)
        )

    def choose(self, clip: Clip) -> Clip:
        """The segment; every draw comes from the clip's generator."""
        cut = self._other(clip)
        if cut is not None:
            return self._within(clip, cut, 0, utterance_frames(cut, self.config))
        total, end = utterance_frames(clip.cut, self.config), clip.start + clip.frames
        before, after = clip.start, total - end
        if max(before, after) < self._frames(self.prompts.min_seconds):
            return self._within(clip, clip.cut, 0, total)
        start, frames = (0, before) if before > after else (end, after)
        return self._within(clip, clip.cut, start, frames)

    def _other(self, clip: Clip) -> DataCut | None:
        """Another utterance of the speaker."""
        numbers = self._numbers.get(speaker_of(clip.cut) or "", ())
        if self._corpus is None or len(numbers) < 2:
            return None
        place = int(clip.generator.integers(len(numbers)))
        cut = self._corpus.cut(int(numbers[place]))
        return cut if cut.id != clip.cut.id else self._corpus.cut(int(numbers[place - 1]))

    def _within(self, clip: Clip, cut: DataCut, start: int, frames: int) -> Clip:
        """A random segment of the `frames` frames from `start` on."""
        rng = clip.generator
        low, high = np.log([self.prompts.min_seconds, self.prompts.max_seconds])
        length = min(self._frames(float(np.exp(rng.uniform(low, high)))), frames)
        return Clip(cut, self.config, start + int(rng.integers(frames - length + 1)), length, rng)

    def _frames(self, seconds: float) -> int:
        return round(seconds * self.config.frame_rate)

    def random(self, clips: RandomClips) -> Tensor:
        """Noise as long as the longest prompt."""
        samples = round(self.prompts.max_seconds * self.config.sample_rate)
        return 0.1 * clips.normal(samples)
