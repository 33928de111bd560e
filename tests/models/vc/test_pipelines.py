"""Tests of both systems' pipelines, with random weights and content vectors that need none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from typer.testing import CliRunner

import hiervox
from hiervox.bins.app import app
from hiervox.models.base.pipelines.protocols import VoiceConversion
from hiervox.models.base.pipelines.voice import mix_voices
from hiervox.models.vc._diffusion import pipeline as module
from hiervox.processors.audio import Waveform
from hiervox.utils.errors import AudioError, CheckpointError, ConfigError
from tests.models.tts.hierspeechpp.tiny_bundle import voice
from tests.models.vc.dddm_vc.tiny_dddm import write_bundle
from tests.models.vc.diff_hiervc.tiny_diff_hiervc import write_checkpoint
from tests.models.vc.tiny import tiny_content

RATE = 16_000
SOURCE, PROMPT = voice(1.03, f0=120), voice(1.5, f0=200)
WRITERS: dict[str, Callable[[Path], Path]] = {"dddm_vc": write_bundle, "diff_hiervc": write_checkpoint}


class Buzzer:
    """A vocoder at once: a tone as loud as the spectrogram."""

    rate = RATE

    def vocode(self, mel: Any, f0: Any = None) -> Waveform:
        """(M, N) → (320 * N,)."""
        assert f0 is not None and f0.shape == (mel.shape[1],)
        level = 0.1 + 0.8 * np.repeat(1 / (1 + np.exp(-mel.mean(0))), 320)
        return (level * np.sin(0.1 * np.arange(level.size))).astype(np.float32)


@pytest.fixture(scope="module", params=sorted(WRITERS))
def system(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def pipeline(system: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "build_semantic_extractor", tiny_content)
        made = hiervox.load(WRITERS[system](tmp_path_factory.mktemp(system) / "model"), device="cpu")
        _ = made.converter.content
        made.converter.vocoder._opened[None] = Buzzer()
        yield made


def _mel(pipeline: Any, **controls: Any) -> Any:
    return pipeline.vc((SOURCE, RATE), (PROMPT, RATE), _controls(pipeline, **controls)).mel


def _controls(pipeline: Any, **controls: Any) -> Any:
    quick = {name: 2 for name in ("steps", "pitch_steps") if name in pipeline.controls.model_fields}
    return pipeline.controls(**{**quick, **controls})


def test_it_converts(pipeline: Any) -> None:
    assert isinstance(pipeline, VoiceConversion)
    speech = pipeline.vc((SOURCE, RATE), (PROMPT, RATE), _controls(pipeline))
    assert speech.rate == RATE and len(speech.wav) == -(-len(SOURCE) // 1280) * 1280
    assert np.isfinite(speech.wav).all() and np.abs(speech.wav).max() == pytest.approx(0.999, abs=1e-3)
    assert speech.f0 is not None and len(speech.f0) == 4 * len(speech.wav) // 320
    assert 80 < speech.f0[speech.f0 > 0].mean() < 400


def test_bfloat16_stays_near_float32(pipeline: Any) -> None:
    rounded = hiervox.load(pipeline.folder, device="cpu", precision="bf16")
    rounded.converter.vocoder._opened[None] = Buzzer()
    exact, made = (
        each.vc((SOURCE, RATE), (PROMPT, RATE), _controls(each, seed=3)) for each in (pipeline, rounded)
    )
    assert len(made.wav) == len(exact.wav) and np.isfinite(made.wav).all()
    both = (exact.f0 > 0) & (made.f0 > 0)
    assert both.mean() > 0.9 * (exact.f0 > 0).mean()
    np.testing.assert_allclose(made.f0[both], exact.f0[both], rtol=0.1)
    assert np.abs(made.mel - exact.mel).mean() < 0.5


def test_the_seed_is_the_noise_and_temperature_0_has_none(pipeline: Any) -> None:
    np.testing.assert_array_equal(_mel(pipeline, seed=3), _mel(pipeline, seed=3))
    assert np.abs(_mel(pipeline, seed=3) - _mel(pipeline, seed=4)).max() > 1e-3
    np.testing.assert_array_equal(
        _mel(pipeline, seed=3, temperature=0), _mel(pipeline, seed=4, temperature=0)
    )


def test_steps_and_pitch_count(pipeline: Any) -> None:
    plain = _mel(pipeline, temperature=0)
    for controls in ({"steps": 3}, {"semitones": 6.0}, {"pitch_range": 0.0}):
        assert np.abs(_mel(pipeline, temperature=0, **controls) - plain).max() > 1e-3, controls


def test_the_curve_of_the_result_follows_the_controls(pipeline: Any) -> None:
    voice = pipeline.voice((PROMPT, RATE), for_text=False)
    curves = {}
    for semitones in (0.0, 12.0):
        curves[semitones], _ = pipeline.vc_stream(
            (SOURCE, RATE), voice, _controls(pipeline, semitones=semitones)
        )
    np.testing.assert_allclose(curves[12.0], 2 * curves[0.0], rtol=1e-3)
    given, _ = pipeline.vc_stream((SOURCE, RATE), voice, _controls(pipeline), np.full(50, 150.0, np.float32))
    np.testing.assert_allclose(given, 150, rtol=1e-4)
    assert len(given) == len(curves[0.0])


def test_voices_are_styles_that_mix(pipeline: Any) -> None:
    voices = [pipeline.voice((wav, RATE), for_text=False) for wav in (PROMPT, 0.5 * SOURCE)]
    mixed = mix_voices(voices, (0.5, 0.5))
    mels = [
        pipeline.vc((SOURCE, RATE), each, _controls(pipeline, temperature=0)).mel for each in (*voices, mixed)
    ]
    assert all(np.abs(mels[0] - other).max() > 1e-3 for other in mels[1:])
    with pytest.raises(ConfigError, match="no speaker"):
        pipeline.voices.speaker("ada")
    broken = type(voices[0])({"style": torch.zeros(3, 1)}, voices[0].model)
    with pytest.raises(CheckpointError, match="holds no style"):
        pipeline.voices.check(broken, "it")


def test_long_recordings_come_in_segments(pipeline: Any) -> None:
    long = np.tile(SOURCE, 35)
    long[16_000 * 20 : 16_000 * 20 + 3200] = 0
    _, chunks = pipeline.vc_stream((long, RATE), (PROMPT, RATE), _controls(pipeline, steps=1))
    lengths = [len(chunk) for chunk in chunks]
    assert len(lengths) > 2 and sum(lengths) == -(-len(long) // 1280) * 1280


def test_it_reads_no_text(pipeline: Any) -> None:
    with pytest.raises(CheckpointError, match="reads no text"):
        pipeline.tts("Hello.", (PROMPT, RATE))
    with pytest.raises(CheckpointError, match="reads no text"):
        pipeline.synthesizer.acoustic([], pipeline.controls())


def test_solvers_differ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "build_semantic_extractor", tiny_content)
    pipeline = hiervox.load(write_bundle(tmp_path / "model"), device="cpu")
    by = [_mel(pipeline, solver=solver, temperature=0) for solver in ("ml", "em")]
    assert np.abs(by[0] - by[1]).max() > 1e-3


def test_a_bundle_without_its_quantizer_is_refused(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "model")
    (folder / "f0_quantizer").rename(folder / "other")
    with pytest.raises(CheckpointError, match="has no folder f0_quantizer"):
        hiervox.load(folder, device="cpu")


def test_the_command_takes_the_controls(system: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "build_semantic_extractor", tiny_content)
    model = WRITERS[system](tmp_path / "model")
    for name, wav in (("me", SOURCE), ("prompt", PROMPT)):
        soundfile.write(tmp_path / f"{name}.wav", wav, RATE)
    out = tmp_path / "converted.wav"
    given = [
        "--source",
        tmp_path / "me.wav",
        "--prompt",
        tmp_path / "prompt.wav",
        "--model",
        model,
        "--out",
        out,
    ]
    command = ["vc", *map(str, given), "--control", "steps=1", "--semitones", "2", "--device", "cpu"]
    done = CliRunner().invoke(app, [*command, "--control", "temperature=0.5"])
    assert done.exit_code == 0, done.output
    wav, rate = soundfile.read(out)
    assert rate == RATE and np.abs(wav).max() > 0.5
    record = json.loads((tmp_path / "converted.wav.json").read_text())["controls"]
    assert (record["steps"], record["temperature"], record["semitones"]) == (1, 0.5, 2.0)
    beyond = ["vc", *map(str, given), "--overwrite", "--control", "steps=0"]
    refused = CliRunner().invoke(app, beyond)
    assert isinstance(refused.exception, ConfigError) and "steps can't be '0'" in str(refused.exception)


def test_a_griffin_lim_sound_over_full_scale_is_scaled(
    system: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "build_semantic_extractor", tiny_content)
    model = WRITERS[system](tmp_path / "model")
    for name, wav in (("me", SOURCE), ("prompt", PROMPT)):
        soundfile.write(tmp_path / f"{name}.wav", wav, RATE)
    out = tmp_path / "converted.wav"
    command = [
        *("vc", "--source", tmp_path / "me.wav", "--prompt", tmp_path / "prompt.wav", "--model", model),
        *("--out", out, "--control", "steps=1", "--device", "cpu"),
    ]
    refused = CliRunner().invoke(app, [*map(str, command), "--scaling", "none"])
    assert isinstance(refused.exception, AudioError) and not out.exists()
    assert "the waveform clips" in refused.exception.problem and "--scaling max" in refused.exception.hint
    done = CliRunner().invoke(app, [*map(str, command), "--scaling", "max"])
    assert done.exit_code == 0, done.output
    assert np.abs(soundfile.read(out)[0]).max() == pytest.approx(0.999, abs=1e-3)
