"""Where the prompts of training come from."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from hiervox.models.base.data.clip import Clip
from hiervox.models.base.data.setup import FeaturesConfig, FeatureSetup
from hiervox.models.base.features.f0 import F0
from hiervox.models.base.features.prompt import Prompt, PromptConfig
from hiervox.models.base.features.prompt_pitch import PromptPitch

SETUP = FeatureSetup(features=FeaturesConfig(prompt=PromptConfig(conditions=None)))


def cut(name: str, speaker: str | None, seconds: float) -> Any:
    """What the feature sees of a cut with a stored waveform."""
    stored = SimpleNamespace(shape=(round(16_000 * seconds),), frame_shift=1 / 16_000)
    return SimpleNamespace(id=name, custom={"wav": stored}, supervisions=[SimpleNamespace(speaker=speaker)])


class Made:
    """A corpus of cuts at hand."""

    def __init__(self, cuts: list[Any]) -> None:
        self.cut = cuts.__getitem__
        self.cuts = cuts

    def by_speaker(self) -> dict[str, Any]:
        """As `Splits` has it."""
        names = [cut.supervisions[0].speaker for cut in self.cuts]
        return {name: np.flatnonzero([other == name for other in names]) for name in set(names) - {None}}


def chosen(cuts: list[Any], start: int, frames: int, seed: int, setup: FeatureSetup = SETUP) -> Clip:
    """The prompt of the first cut."""
    prompt = Prompt(setup)
    prompt.begin(Made(cuts))
    return prompt.choose(Clip(cuts[0], setup, start, frames, np.random.default_rng(seed)))


def test_another_clip_of_the_speaker_is_taken_where_there_is_one() -> None:
    cuts = [cut("own", "a", 4), cut("other", "a", 12), cut("strange", "b", 12)]
    stretches = [chosen(cuts, 0, 200, seed) for seed in range(40)]
    assert {stretch.cut.id for stretch in stretches} == {"other"}
    assert all(100 <= stretch.frames <= 500 for stretch in stretches)
    assert all(0 <= stretch.start <= 600 - stretch.frames for stretch in stretches)
    assert len({stretch.frames for stretch in stretches}) > 20


@pytest.mark.parametrize("speaker", ["a", None])
def test_a_lone_clip_gives_what_its_crop_leaves(speaker: str | None) -> None:
    cuts = [cut("own", speaker, 10), cut("strange", "b", 9), cut("unknown", None, 9)]
    for seed in range(40):
        start = int(np.random.default_rng(seed).integers(404))
        stretch = chosen(cuts, start, 96, seed)
        assert stretch.cut is cuts[0] and stretch.frames >= 100
        end = stretch.start + stretch.frames
        assert end <= start or stretch.start >= start + 96
        assert stretch.start >= 0 and end <= 500


def test_a_short_lone_clip_is_its_own_prompt() -> None:
    config = PromptConfig(min_seconds=2, max_seconds=2)
    stretch = chosen(
        [cut("own", "a", 3)], 50, 96, 0, SETUP.model_copy(update={"features": FeaturesConfig(prompt=config)})
    )
    assert stretch.cut.id == "own" and stretch.frames == 100


def test_a_batch_has_prompts_of_their_own_lengths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Clip, "_window", lambda clip: np.full(320 * clip.frames, 0.1, np.float32))
    prompt = Prompt(FeatureSetup())
    cuts = [cut("own", "a", 4), cut("other", "a", 12)]
    prompt.begin(Made(cuts))
    clips = [Clip(one, SETUP, 0, 50, np.random.default_rng(seed)) for seed, one in enumerate(cuts)]
    values = [prompt.read(clip) for clip in clips]
    batch = prompt.collate(values, max(map(len, values)))
    assert batch.shape == (2, max(map(len, values))) and batch.dtype == torch.float32
    assert len(values[0]) != len(values[1])
    assert any(np.abs(value - 0.1).max() > 1e-3 for value in values)  # recorded elsewhere


def test_a_range_the_wrong_way_round_is_refused() -> None:
    with pytest.raises(ValidationError, match="min_seconds is over max_seconds"):
        PromptConfig(min_seconds=3, max_seconds=2)


def test_the_pitch_of_a_voice_is_that_of_another_segment(monkeypatch: pytest.MonkeyPatch) -> None:
    tracks = {"own": np.full(800, 400.0, np.float32), "other": np.array([0, 100, 120, 0] * 600, np.float32)}
    monkeypatch.setattr(
        F0,
        "read_or_compute",
        lambda _, clip: tracks[clip.cut.id][4 * clip.start : 4 * (clip.start + clip.frames)],
    )
    feature = PromptPitch(SETUP)
    cuts = [cut("own", "a", 4), cut("other", "a", 12)]
    feature.begin(Made(cuts))
    values = [feature.read(Clip(one, SETUP, 0, 50, np.random.default_rng(0))) for one in cuts]
    batch = feature.collate(values, 0)
    assert batch.shape == (2, 2)
    torch.testing.assert_close(batch, torch.tensor([[110.0, 1.4826 * 10.0], [400.0, 0.0]]))
    tracks["other"][:] = 0
    assert feature.read(Clip(cuts[0], SETUP, 0, 50)).tolist() == [0, 0]
