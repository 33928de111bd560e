"""Tests of `hiervox.models.sr.speechsr.config`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hiervox.models.base.training.experiment import load_experiment
from hiervox.models.sr.speechsr.config import SpeechSRExperiment


def _experiment(**sections: Any) -> SpeechSRExperiment:
    tree = {"system": "speechsr", "part": "speechsr", "out_dir": "run", "data": {"cuts": "cuts.jsonl.gz"}}
    return SpeechSRExperiment.model_validate({**tree, **sections})


def test_what_is_not_set_follows_the_rate() -> None:
    slow, fast = _experiment(), _experiment(model={"rate": 48_000})
    assert (slow.mel.sample_rate, slow.mel.n_fft, slow.mel.hop_length, slow.mel.n_mels) == (
        24_000,
        960,
        240,
        100,
    )
    assert (fast.mel.sample_rate, fast.mel.n_fft, fast.mel.hop_length, fast.mel.n_mels) == (
        48_000,
        1280,
        320,
        128,
    )
    assert (slow.mel.f_max, fast.mel.f_max) == (12_000, 24_000)
    # The published segment of 9600 samples.
    assert (slow.data.max_frames, fast.data.max_frames) == (20, 10)
    assert slow.discriminator_samples == 2048
    assert fast.discriminator_samples == 4096
    assert (slow.train.schedule.decay, fast.train.schedule.decay) == (0.999, 0.995)


def test_what_is_set_stays_and_the_rest_of_its_section_follows() -> None:
    experiment = _experiment(
        model={"rate": 48_000},
        mel={"n_mels": 64},
        train={"max_steps": 7},
        data={"cuts": "c", "max_frames": 25},
    )
    assert (experiment.mel.n_mels, experiment.mel.n_fft) == (64, 1280)
    assert (experiment.train.max_steps, experiment.train.schedule.decay) == (7, 0.995)
    assert experiment.data.max_frames == 25


def test_a_saved_config_reads_back_the_same() -> None:
    experiment = _experiment(model={"rate": 48_000})
    assert SpeechSRExperiment.model_validate(experiment.model_dump(mode="json")) == experiment


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"mel": {"sample_rate": 48_000, "f_max": 20_000}}, "mel.sample_rate"),
        ({"data": {"cuts": "c", "max_frames": 4}}, "max_frames"),
        ({"model": {"rate": 44_100}}, "rate"),
        ({"model": {"rate": [24_000]}}, "rate"),
        ({"discriminators": {"wavelet": {"width": 12}}}, "wavelet.width"),
    ],
)
def test_what_does_not_fit_is_named(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        _experiment(**wrong)


@pytest.mark.parametrize("rate", [24, 48])
def test_the_mini_recipe_has_one_of_each_rate(rate: int) -> None:
    conf = Path(__file__).parents[4] / "egs/tts/hierspeechpp/mini/conf" / f"speechsr{rate}.json5"
    experiment = load_experiment(conf)
    assert isinstance(experiment, SpeechSRExperiment)
    assert experiment.model.rate == 1000 * rate == experiment.mel.sample_rate
    assert experiment.data.allow_band_limited == (rate == 48)  # its recordings have 24 kHz
