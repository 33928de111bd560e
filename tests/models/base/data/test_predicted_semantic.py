"""Synthesizers that are trained on what a text-to-vec model predicts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from hiervox.bins.app import app
from hiervox.models.base.checkpoints.checkpoint import save_weights
from hiervox.models.base.data.manifest import read_cuts, write_cuts
from hiervox.models.tts.hierspeechpp.lite.config import LiteSynthesizerExperiment
from hiervox.models.tts.hierspeechpp.lite.tasks.synthesizer import LiteSynthesizerTask
from hiervox.models.tts.hierspeechpp.networks.text_to_vec import TextToVec
from tests.models.base.data.corpora import CHANNELS, make_manifest
from tests.models.tts.hierspeechpp.tiny_synthesizer import TINY_SYNTHESIZER
from tests.models.tts.hierspeechpp.tiny_text_to_vec import tiny_config

FEATURES = {
    "semantic": {"family": "whisper", "name": "none"},
    "pitch": {"method": "dio"},
    "perturbed_copies": 1,
}
MODEL = TINY_SYNTHESIZER.model_copy(update={"semantic_channels": CHANNELS}).model_dump(mode="json")


def write_text_to_vec(folder: Path, semantic: dict[str, Any] | None = None) -> Path:
    torch.manual_seed(0)
    model = tiny_config(CHANNELS)
    folder.mkdir()
    experiment = {
        "system": "hierspeechpp",
        "part": "text_to_vec",
        "model": model.model_dump(mode="json"),
        "features": {**FEATURES, "perturbed_copies": 0, "semantic": semantic or FEATURES["semantic"]},
    }
    save_weights(folder, TextToVec(model).state_dict(), experiment)
    return folder


@pytest.fixture
def synthesizer(tmp_path: Path) -> Path:
    tree = {
        "system": "hierspeechpp",
        "part": "synthesizer",
        "out_dir": str(tmp_path / "run"),
        "data": {"cuts": str(tmp_path / "predicted"), "dev_size": 0},
        "model": MODEL,
        "features": FEATURES,
        "loss": {"adversarial": 0, "feature_matching": 0},
        "train": {"batch_size": 3, "workers": 0},
    }
    path = tmp_path / "synthesizer.json5"
    path.write_text(json.dumps(tree))
    return path


@pytest.fixture
def extracted(fake_semantic: None, synthesizer: Path, tmp_path: Path) -> Path:
    """Features of three utterances, the last of which has no text."""
    manifest = make_manifest(tmp_path / "raw", [1.2, 1.4, 1.3])
    cuts = read_cuts(manifest)
    cuts[2].supervisions[0].text = None
    write_cuts(cuts, manifest)
    result = _extract(manifest, synthesizer, tmp_path / "features")
    assert result.exit_code == 0, result.output
    return tmp_path / "features"


def _extract(cuts: Path, config: Path, out: Path, *more: str) -> Any:
    command = ["extract", "--cuts", str(cuts), "--config", str(config), "--out", str(out), "--device", "cpu"]
    return CliRunner().invoke(app, [*command, *more])


def test_predictions_stand_beside_what_was_extracted(
    extracted: Path, synthesizer: Path, tmp_path: Path
) -> None:
    model = write_text_to_vec(tmp_path / "text_to_vec")
    result = _extract(extracted, synthesizer, tmp_path / "predicted", "--predicted-by", str(model))
    assert result.exit_code == 0 and "3 utterances" in result.output, result.output
    before, after = read_cuts(extracted), read_cuts(tmp_path / "predicted")
    for old, new in zip(before, after, strict=True):
        assert new.custom["semantic"].array == old.custom["semantic"].array  # not computed again
        assert new.custom["wav"].array != old.custom["wav"].array
        predicted, plain = new.load_predicted_semantic(), new.load_semantic()
        assert predicted.shape == plain.shape and predicted.dtype == np.float16
        assert np.isfinite(predicted).all()
        assert np.array_equal(predicted, plain) == (old.supervisions[0].text is None)


def test_the_lowest_prior_hears_them(extracted: Path, synthesizer: Path, tmp_path: Path) -> None:
    model = write_text_to_vec(tmp_path / "text_to_vec")
    _extract(extracted, synthesizer, tmp_path / "predicted", "--predicted-by", str(model))
    tree = json.loads(synthesizer.read_text())
    tree["features"] = {**FEATURES, "predicted_by": str(model)}
    heard = {}
    for ratio in (0, 1):
        tree["model"] = {**MODEL, "predicted_ratio": ratio}
        task = LiteSynthesizerTask(LiteSynthesizerExperiment.model_validate(tree))
        batch = next(iter(task.loader("train", epoch=0, skip_batches=0, rank=0, world_size=1)))
        assert batch["predicted_semantic"].shape == batch["semantic_perturbed"].shape
        network = task.build_generator()
        given: list[torch.Tensor] = []
        network.agnostic_prior.register_forward_pre_hook(
            lambda _, inputs, given=given: given.append(inputs[0])
        )
        task.generate(network.train(), batch)
        task.generate(network.eval(), batch)
        heard[ratio] = given
        assert torch.equal(given[1], batch["semantic_perturbed"])
    assert torch.equal(heard[0][0], batch["semantic_perturbed"])
    assert torch.equal(heard[1][0], batch["predicted_semantic"])


def test_vectors_of_another_encoder_are_refused(extracted: Path, synthesizer: Path, tmp_path: Path) -> None:
    model = write_text_to_vec(tmp_path / "other", {"family": "whisper", "name": "none", "layer": 2})
    result = _extract(extracted, synthesizer, tmp_path / "predicted", "--predicted-by", str(model))
    assert "layer" in str(result.exception)
