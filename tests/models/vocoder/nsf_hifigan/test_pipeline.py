"""NSF-HiFi-GAN at another pitch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from typer.testing import CliRunner

from hiervox.bins.app import app
from hiervox.models.base.checkpoints.checkpoint import save_weights
from hiervox.models.vocoder.controls import F0VocoderControls
from hiervox.models.vocoder.pipeline import VocoderPipeline
from hiervox.models.vocoder.training import build_network, run
from hiervox.utils.errors import ConfigError
from tests.models.base.data.corpora import voice
from tests.models.vocoder.small import HOP, MODELS, RATE, experiment

UP = F0VocoderControls(semitones=5)
FRAMES = 60


def _network(source: str) -> Any:
    torch.manual_seed(0)
    return build_network(experiment("nsf_hifigan", model={**MODELS["nsf_hifigan"], "source": source})).eval()


def _pipeline(source: str) -> VocoderPipeline:
    return VocoderPipeline(_network(source), experiment("nsf_hifigan").mel)


def _inputs(pipeline: VocoderPipeline) -> tuple[np.ndarray, np.ndarray]:
    wav = voice(FRAMES * HOP / RATE, RATE).astype(np.float32)
    f0 = np.linspace(120, 180, FRAMES, dtype=np.float32)
    f0[20:30] = 0
    return pipeline.mel_of(wav, RATE)[:, :FRAMES], f0


@pytest.mark.parametrize("source", ["harmonic", "sine"])
def test_the_pitch_is_that_of_shifted_f0(source: str) -> None:
    pipeline = _pipeline(source)
    mel, f0 = _inputs(pipeline)
    higher = pipeline.vocode(mel, f0, UP)
    np.testing.assert_allclose(higher, pipeline.vocode(mel, f0 * np.float32(2 ** (5 / 12))), atol=1e-5)
    assert np.abs(higher - pipeline.vocode(mel, f0)).max() > 1e-3
    chunks = list(pipeline.stream(mel, f0, 17, UP))
    assert len(chunks) > 3
    np.testing.assert_allclose(np.concatenate(chunks), higher, atol=2e-5)
    for made in pipeline.vocode_batch([mel, mel], [f0, f0], UP):
        np.testing.assert_allclose(made, higher, atol=2e-5)


def test_without_a_source_there_is_no_pitch_to_shift() -> None:
    pipeline = _pipeline("none")
    mel, _ = _inputs(pipeline)
    assert len(pipeline.vocode_batch([mel])[0]) == FRAMES * HOP
    with pytest.raises(ConfigError, match="takes no F0"):
        pipeline.vocode(mel, controls=UP)


def test_the_single_sine_runs_on_through_unvoiced_frames() -> None:
    """In training and in use alike."""
    pipeline = _pipeline("sine")
    mel, f0 = _inputs(pipeline)
    filled = f0.copy()
    filled[20:30] = np.interp(np.arange(20, 30), [19, 30], f0[[19, 30]])
    made = pipeline.vocode(mel, f0)
    np.testing.assert_allclose(made, pipeline.vocode(mel, filled), atol=1e-5)
    trained = run(_network("sine"), torch.from_numpy(mel)[None], torch.from_numpy(f0)[None])
    np.testing.assert_allclose(made, trained.detach().flatten().numpy(), atol=1e-5)


def test_vocode_shifts_the_pitch_and_tells_who_cannot(tmp_path: Path) -> None:
    sound = tmp_path / "in.wav"
    soundfile.write(sound, voice(0.5, RATE), RATE)
    for system in ("nsf_hifigan", "hifigan"):
        config = experiment(system)
        tensors = build_network(config).state_dict()
        (tmp_path / system).mkdir()
        save_weights(tmp_path / system, tensors, config.model_dump(mode="json"))

    def vocode(system: str, *options: str) -> Any:
        arguments = ["vocode", str(sound), "--model", str(tmp_path / system), "--device", "cpu", *options]
        return CliRunner().invoke(app, arguments)

    for out, options in (("a", []), ("b", ["--semitones", "5"]), ("c", ["--control", "semitones=5"])):
        result = vocode("nsf_hifigan", "--out", str(tmp_path / f"{out}.wav"), *options)
        assert result.exit_code == 0, result.output
    a, b, c = (soundfile.read(tmp_path / f"{out}.wav")[0] for out in "abc")
    assert np.array_equal(b, c) and not np.array_equal(a, b)
    refused = vocode("hifigan", "--out", str(tmp_path / "d.wav"), "--semitones", "5")
    assert "hifigan has no control 'semitones'" in str(refused.exception)
