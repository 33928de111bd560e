"""Vocoders that are trained on what an acoustic model predicts (GTA)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

import hiervox
from hiervox.bins.app import app
from hiervox.models.base.data.aligning import Outputs, align_corpus, by_model
from hiervox.models.base.data.manifest import read_cuts
from hiervox.models.base.training.engine import StepEngine
from hiervox.models.vocoder._gan.task import GANVocoderTask
from hiervox.models.vocoder.hifigan.config import HiFiGANExperiment
from hiervox.utils.errors import ConfigError
from tests.models.base.data.corpora import make_manifest
from tests.models.base.data.test_aligning import HalfSilent
from tests.models.tts.fastspeech2.test_pipeline import write_tiny
from tests.models.tts.fastspeech2.tiny_fastspeech2 import HOP_LENGTH, MEL
from tests.models.tts.glow_tts import tiny_glow_tts as glow_tts
from tests.models.tts.glow_tts.test_pipeline import write_glow_tts
from tests.models.vocoder.small import DISCRIMINATORS, UPSAMPLING

RATE = 22_050


def _config(folder: Path, **more: Any) -> Path:
    """Of a HiFi-GAN for the tiny FastSpeech 2's spectrograms."""
    tree = {
        "system": "hifigan",
        "part": "hifigan",
        "out_dir": str(folder / "run"),
        "data": {"cuts": str(folder / "predicted"), "dev_size": 0, "segment_samples": 8 * HOP_LENGTH},
        "model": {**UPSAMPLING, "in_channels": 20, "rates": [8, 8], "kernel_sizes": [16, 16]},
        "discriminators": DISCRIMINATORS,
        "mel": MEL,
        "train": {"batch_size": 2, "workers": 0},
        **more,
    }
    path = folder / "hifigan.json5"
    path.write_text(json.dumps(tree))
    return path


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Two aligned utterances, and a model `acoustic`."""
    manifest = make_manifest(tmp_path / "raw", [0.9, 1.1], rate=RATE)
    align_corpus(manifest, by_model(HalfSilent()), Outputs(tmp_path / "aligned"))  # type: ignore[arg-type]
    write_tiny(tmp_path / "acoustic", "reference")
    return tmp_path / "aligned"


def _extract(corpus: Path, config: Path, model: Path | None) -> Any:
    command = ["extract", "--cuts", str(corpus), "--config", str(config), "--device", "cpu"]
    command += ["--out", str(config.parent / "predicted")]
    return CliRunner().invoke(app, command + ([] if model is None else ["--predicted-by", str(model)]))


def test_a_vocoder_learns_from_predicted_mels(corpus: Path, tmp_path: Path) -> None:
    model = tmp_path / "acoustic"
    result = _extract(corpus, _config(tmp_path), model)
    assert result.exit_code == 0 and "2 utterances" in result.output, result.output
    cut = read_cuts(tmp_path / "predicted")[0]
    assert set(cut.custom) == {"wav", "predicted_mel"}
    mel = cut.load_predicted_mel()
    assert mel.shape == (cut.custom["wav"].shape[0] // HOP_LENGTH, 20)
    assert mel.shape[0] == -(-round(cut.duration * RATE) // HOP_LENGTH)
    assert np.isfinite(mel).all() and mel.std() > 0

    config = _config(tmp_path, features={"predicted_by": str(model)})
    task = GANVocoderTask(HiFiGANExperiment.model_validate(json.loads(config.read_text())))
    batch = next(iter(task.loader("train", epoch=0, skip_batches=0, rank=0, world_size=1)))
    assert batch["predicted_mel"].shape == (2, 20, 8)
    generator = task.build_generator()
    heard = task.generate(generator, batch)
    other = task.generate(generator, {**batch, "predicted_mel": batch["predicted_mel"] + 1})
    assert torch.equal(heard.real, other.real) and not torch.equal(heard.fake, other.fake)
    assert "mel" in StepEngine(task, device="cpu").step(batch, 0)


def test_glow_tts_aligns_the_recordings_itself(tmp_path: Path) -> None:
    """From cuts that nobody aligned, whose waveforms are not stored."""
    make_manifest(tmp_path / "raw", [0.9, 1.1], rate=RATE)
    write_glow_tts(tmp_path / "acoustic")
    mels = glow_tts.MEL["n_mels"]
    config = _config(tmp_path, mel=glow_tts.MEL, model={**UPSAMPLING, "in_channels": mels})
    result = _extract(tmp_path / "raw", config, tmp_path / "acoustic")
    assert result.exit_code == 0 and "2 utterances" in result.output, result.output
    cut = read_cuts(tmp_path / "predicted")[0]
    predicted = cut.load_predicted_mel()
    frames = cut.custom["wav"].shape[0] // glow_tts.HOP_LENGTH
    assert frames % 2 and cut.custom["predicted_mel"].shape == [frames, mels]
    assert np.isfinite(predicted).all() and predicted.std() > 0


def test_what_does_not_fit_is_refused(corpus: Path, tmp_path: Path) -> None:
    write_tiny(tmp_path / "other", "reference", pitch={"level": "frame"})
    wrong = _config(tmp_path, mel=MEL | {"f_max": 7000})
    assert "f_max" in str(_extract(corpus, wrong, tmp_path / "acoustic").exception)
    _extract(corpus, _config(tmp_path), tmp_path / "acoustic")
    config = _config(tmp_path, features={"predicted_by": "another"})
    task = GANVocoderTask(HiFiGANExperiment.model_validate(json.loads(config.read_text())))
    with pytest.raises(ConfigError, match="predicted_by"):
        task.loader("train", epoch=0, skip_batches=0, rank=0, world_size=1)


def test_a_model_without_given_durations_is_refused(corpus: Path, tmp_path: Path) -> None:
    from tests.models.tts.vits.test_pipeline import _pipeline

    _pipeline(tmp_path / "vits")
    assert hiervox.load(tmp_path / "vits", device="cpu")
    message = str(_extract(corpus, _config(tmp_path), tmp_path / "vits").exception)
    assert "predicts no spectrograms" in message


def test_only_vocoders_read_predicted_mels(corpus: Path, tmp_path: Path) -> None:
    config = tmp_path / "fastspeech2.json5"
    config.write_text('{system: "fastspeech2", part: "acoustic"}')
    assert "reads nothing that is predicted" in str(_extract(corpus, config, tmp_path / "acoustic").exception)
