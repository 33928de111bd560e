"""Tests of `hiervox.models.tta.picoaudio` at a tiny size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import hiervox
from hiervox.models.tta.picoaudio.config import PicoAudioExperiment
from hiervox.models.tta.picoaudio.task import PicoAudioTask
from hiervox.models.tta.picoaudio.timing import (
    folded,
    parse_published,
    parse_timing,
    timing_matrix,
)
from hiervox.processors.event_times import write_events
from hiervox.utils.errors import HierVoxError
from tests.models.tta.tiny import EVENTS, PICO, SAMPLES, batch, experiment_tree, write_picoaudio
from tests.overfit import overfit


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("picoaudio") / "bundle"
    write_picoaudio(folder)
    return folder


def test_it_learns_a_batch_by_heart(bundle: Path) -> None:
    torch.manual_seed(0)
    data = {"autoencoder": str(bundle / "autoencoder"), "keep_latents": True}
    tree = experiment_tree("picoaudio", "diffusion", PICO, data=data)
    task = PicoAudioTask(PicoAudioExperiment.model_validate(tree))
    history = overfit(task, batch(), steps=80, learning_rate=2e-2)
    first, last = (sum(terms["diffusion"] for terms in part) for part in (history[:20], history[-20:]))
    assert last < 0.92 * first


def test_times_change_the_sound(bundle: Path) -> None:
    pipeline = hiervox.load(bundle, device="cpu")
    quick = pipeline.controls(steps=2)
    early, late = (pipeline.tta(f"bell at {times}", controls=quick) for times in ("0.1-0.2", "0.3-0.4"))
    assert early.shape == (SAMPLES,) and not np.array_equal(early, late)


def test_captions_with_times_and_counts() -> None:
    assert parse_timing("Bell at 0.5-2.0, 3-4.5 and a dog barking at 1-2.", EVENTS, 10.0) == {
        "bell": [(0.5, 2.0), (3.0, 4.5)],
        "dog barking": [(1.0, 2.0)],
    }
    assert parse_timing("rain", EVENTS, 8.0) == {"rain": [(0.0, 8.0)]}
    (spans,) = parse_timing("bell 2 times", EVENTS, 10.0).values()
    assert np.allclose(spans, [(1.0, 4.0), (6.0, 9.0)])
    assert len(parse_timing("bell twice and rain once", EVENTS, 10.0)["bell"]) == 2
    published = "bell__0.50-2.00_3.00-4.50--rain__1.00-4.00"
    assert write_events(parse_timing(published, EVENTS, 10.0)) == published


@pytest.mark.parametrize(
    ("caption", "fault"),
    [
        ("bel at 1-2", "no event 'bel': did you mean 'bell'"),
        ("bell at 2-1", "'2-1' ends before it begins"),
        ("bell at 1", "no times '1'"),
        ("bell 0 times", "an event that is heard 0 times"),
    ],
)
def test_captions_that_say_nothing_are_refused(caption: str, fault: str) -> None:
    with pytest.raises(HierVoxError, match=fault):
        parse_timing(caption, EVENTS, 10.0)


def test_spans_beyond_the_end_are_left_out() -> None:
    events = parse_published("rain__0.0-0.5_0.8-1.2_0.6-0.7", EVENTS)
    matrix = timing_matrix(events, EVENTS, 4, 10, 10.0)
    assert matrix.sum(1).tolist() == [0, 5, 0, 0] and matrix[1, :5].all()
    assert folded(matrix, 2).shape == (2, 2, 10)
