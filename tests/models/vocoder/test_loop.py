"""One system of each family through the training loop, and its checkpoint through the pipeline."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import hiervox
from hiervox.models.base.data.extraction import extract
from hiervox.models.base.data.setup import FeatureSetup
from hiervox.models.base.registry import get_part
from hiervox.models.base.training.loop import train
from hiervox.utils.registry import resolve
from tests.models.base.data.corpora import make_manifest, voice
from tests.models.vocoder.small import RATE, experiment

TRAIN = {
    "batch_size": 2,
    "workers": 0,
    "max_steps": 2,
    "log_every": 1,
    "validate_every": 2,
    "save_every": 2,
    "validation_batches": 1,
}


@pytest.fixture(scope="module")
def cuts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_manifest(tmp_path_factory.mktemp("corpus"), [0.6] * 6, texts=False, rate=RATE)


@pytest.mark.parametrize("system", ["apnet", "hifigan", "wavegrad", "waveglow", "wavenet"])
def test_trains_validates_saves_and_speaks(system: str, cuts: Path, tmp_path: Path) -> None:
    config = experiment(system, cuts, train=TRAIN, out_dir=str(tmp_path / "run"))
    train(resolve(get_part(system, system).task)(config), "cpu")
    vocoder = hiervox.load(tmp_path / "run", device="cpu")
    assert vocoder.mel == config.mel
    made = vocoder.resynthesize(voice(0.1, RATE).astype(np.float32), RATE)
    assert np.isfinite(made).all() and len(made) >= 0.09 * RATE


def test_f0_comes_from_the_extracted_features(cuts: Path, tmp_path: Path) -> None:
    task = resolve(get_part("nsf_hifigan", "nsf_hifigan").task)
    sections = {"train": TRAIN, "out_dir": str(tmp_path / "run")}
    config = experiment("nsf_hifigan", tmp_path / "features", **sections)
    extract(cuts, tmp_path / "features", task.fields, FeatureSetup.of(config))
    train(task(config), "cpu")
    vocoder = hiervox.load(tmp_path / "run", device="cpu")
    assert vocoder.pitch == config.features.pitch
    assert np.isfinite(vocoder.resynthesize(voice(0.5, RATE).astype(np.float32), RATE)).all()
