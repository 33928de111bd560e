"""Tests of `hiervox.models.vc.dddm_vc.tasks` at a tiny size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from hiervox.models.base.training.engine import StepEngine
from hiervox.models.vc.dddm_vc.config import DDDMExperiment, F0QuantizerExperiment
from hiervox.models.vc.dddm_vc.tasks.converter import DDDMTask
from hiervox.models.vc.dddm_vc.tasks.f0_quantizer import F0QuantizerTask
from hiervox.utils.errors import ConfigError
from tests.models.vc.dddm_vc.tiny_dddm import write_bundle, write_quantizer
from tests.models.vc.tiny import FEATURES, MEL, QUANTIZER, SIZES, batch, mean_of
from tests.overfit import overfit


def _task(quantizer: Path, **more: Any) -> DDDMTask:
    tree = {
        "system": "dddm_vc",
        "part": "converter",
        "out_dir": "unused",
        "data": {"cuts": "unused", "f0_quantizer": quantizer},
        "model": {**SIZES, "n_f0_codes": 4, "rates": {}},
        "mel": MEL,
        "features": FEATURES,
        **more,
    }
    return DDDMTask(DDDMExperiment.model_validate(tree))


@pytest.fixture
def quantizer(tmp_path: Path) -> Path:
    write_quantizer(tmp_path / "f0_quantizer")
    return tmp_path / "f0_quantizer"


def test_the_quantizer_learns_a_batch_by_heart() -> None:
    tree = {"system": "dddm_vc", "part": "f0_quantizer", "out_dir": "unused", "data": {"cuts": "unused"}}
    model = {**QUANTIZER, "n_entries": 12, "least_usage": 0.1}
    torch.manual_seed(0)
    task = F0QuantizerTask(F0QuantizerExperiment.model_validate({**tree, "model": model}))
    history = overfit(task, batch(), steps=120, learning_rate=3e-3)
    assert set(history[0]) == {"reconstruction", "commitment"}
    assert history[-1]["reconstruction"] < 0.1 * history[0]["reconstruction"]
    assert history[-1]["commitment"] < history[10]["commitment"]


def test_the_converter_learns_a_batch_by_heart(quantizer: Path) -> None:
    torch.manual_seed(0)
    task = _task(quantizer)
    before = {name: tensor.clone() for name, tensor in task.quantizer.state_dict().items()}
    history = overfit(task, batch(), steps=140, learning_rate=3e-3)
    assert set(history[0]) == {"diffusion", "mel"}
    for name, share in {"mel": 0.3, "diffusion": 0.5}.items():
        assert mean_of(history[-20:], name) < share * mean_of(history[:20], name), name
    assert all(torch.equal(tensor, before[name]) for name, tensor in task.quantizer.state_dict().items())


def test_media_of_a_batch(quantizer: Path) -> None:
    engine = StepEngine(_task(quantizer), device="cpu")
    with torch.no_grad():
        media = engine.task.media(engine.inference_networks(), batch())
    assert set(media.figures) == {"mel/recorded", "mel/prior", "mel/sampled"}


def test_another_checkpoint_is_no_quantizer(tmp_path: Path) -> None:
    write_bundle(tmp_path / "bundle")
    with pytest.raises(ConfigError, match=r"data\.f0_quantizer .* is dddm_vc/converter"):
        _ = _task(tmp_path / "bundle" / "converter").quantizer
    write_quantizer(tmp_path / "larger", n_entries=5)
    with pytest.raises(ConfigError, match=r"has 5 codes, but the converter's model\.n_f0_codes is 4"):
        _ = _task(tmp_path / "larger").quantizer


@pytest.mark.parametrize(
    ("section", "value", "message"),
    [
        ("mel", {"n_mels": 20}, "mel_channels"),
        ("mel", {**MEL, "hop_length": 160}, "320 samples"),
        ("features", {**FEATURES, "perturbed_copies": 0}, "perturbed_copies"),
        ("features", {"pitch": {"hop_seconds": 0.01}}, "hop_seconds"),
        ("model", {**SIZES, "mel_channels": 15}, "multiple of 2"),
    ],
)
def test_sections_that_do_not_fit_are_refused(section: str, value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _task(Path("unused"), **{section: value})


def test_content_is_the_published_one_unless_it_is_set() -> None:
    semantic = _task(Path("unused"), features={"pitch": {"method": "dio"}}).config.features.semantic
    assert (semantic.name, semantic.layer) == ("facebook/wav2vec2-xls-r-300m", 12)
    assert _task(Path("unused")).config.features.semantic.name == "tiny"
