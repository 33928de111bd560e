"""Tests of the systems' pipelines, with random weights and content vectors that need none."""

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
from hiervox.models.base.pipelines import mel_synthesizer
from hiervox.models.base.pipelines.parts import Source
from hiervox.models.base.pipelines.protocols import VoiceConversion
from hiervox.models.base.pipelines.voice import mix_voices
from hiervox.models.svc._singing import pipeline as module
from hiervox.models.svc._singing import windows
from hiervox.processors.audio import Waveform
from hiervox.utils.errors import CheckpointError, ConfigError
from tests.models.svc.diffcomo_svc.tiny_diffcomo_svc import write_diffcomo_svc, write_teacher
from tests.models.svc.diffwavenet_svc.tiny_diffwavenet_svc import write_diffwavenet_svc
from tests.models.svc.tiny import HOP, RATE, tiny_content
from tests.models.svc.transformer_svc.tiny_transformer_svc import write_transformer_svc
from tests.models.svc.vits_svc.tiny_vits_svc import write_vits_svc
from tests.models.tts.hierspeechpp.tiny_bundle import voice

SOURCE = voice(1.0, f0=110)
RECORDED = 16_000
WRITERS: dict[str, Callable[[Path], Path]] = {
    "diffcomo_svc": write_diffcomo_svc,
    "diffwavenet_svc": write_diffwavenet_svc,
    "transformer_svc": write_transformer_svc,
    "vits_svc": write_vits_svc,
}
QUICK: dict[str, dict[str, Any]] = {"diffwavenet_svc": {"steps": 4}}
WINDOWED = {"diffcomo_svc": 0.15, "diffwavenet_svc": 1e-4, "transformer_svc": 0.15, "vits_svc": 0.15}
"""How far a song in windows is from that in one pass; transformers attend to all that they see."""


class Buzzer:
    """A vocoder at once: a tone as loud as the spectrogram."""

    rate = RATE

    def stream(self, mel: Any, f0: Any = None, frames: int = 100) -> Any:
        """(M, N) → chunks that are (HOP * N,) together."""
        assert f0.shape == (mel.shape[1],)
        level = 0.05 + 0.4 * np.repeat(1 / (1 + np.exp(-mel.mean(0))), HOP)
        sound = (level * np.sin(0.1 * np.arange(level.size))).astype(np.float32)
        yield from np.split(sound, range(frames * HOP, sound.size, frames * HOP))

    def vocode(self, mel: Any, f0: Any = None) -> Waveform:
        """The whole."""
        return np.concatenate(list(self.stream(mel, f0)))


@pytest.fixture(scope="module", params=sorted(WRITERS))
def system(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def pipeline(system: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "build_semantic_extractor", tiny_content)
        made = hiervox.load(WRITERS[system](tmp_path_factory.mktemp(system) / "model"), device="cpu")
        _ = made.converter.content
        if hasattr(made.converter, "vocoder"):
            made.converter.vocoder._opened[None] = Buzzer()
        yield made


def _controls(pipeline: Any, **controls: Any) -> Any:
    quick = QUICK.get(pipeline.converter.experiment.system, {})
    return pipeline.controls(**{**quick, **controls})


def _song(pipeline: Any, wav: Any = SOURCE, singer: str = "ben", **controls: Any) -> Any:
    """The spectrogram or latent that is sung, before it becomes sound."""
    given, converter = _controls(pipeline, **controls), pipeline.converter
    source = Source(wav, RECORDED, wav)
    mel = converter._mel(source)
    f0 = np.full(int(len(wav) / 80), 220, np.float32)
    sung, at_frames = converter.sing(source, mel, f0, pipeline.loader.speaker_voice(singer), given)
    assert at_frames.shape == (mel.shape[1],)
    return sung.numpy()


def test_it_converts(pipeline: Any) -> None:
    assert isinstance(pipeline, VoiceConversion)
    speech = pipeline.vc((SOURCE, RECORDED), pipeline.named_voice("ada"), _controls(pipeline))
    frames = -(-len(SOURCE) * RATE // RECORDED // HOP)
    assert speech.rate == RATE and len(speech.wav) == frames * HOP
    assert np.abs(speech.wav).max() == pytest.approx(0.999, abs=1e-3)
    assert np.median(speech.f0[speech.f0 > 0]) == pytest.approx(110, rel=0.05)


def test_singers_and_loudness_count(pipeline: Any) -> None:
    plain = _song(pipeline)
    assert np.abs(_song(pipeline, singer="ada") - plain).max() > 1e-3
    assert np.abs(_song(pipeline, 0.1 * SOURCE) - plain).max() > 1e-3
    np.testing.assert_array_equal(_song(pipeline), plain)


def test_keys(pipeline: Any, caplog: pytest.LogCaptureFixture) -> None:
    medians = {}
    for key in ("off", "median", "octaves"):
        controls = _controls(pipeline, auto_key=key, semitones=1.0)
        f0, _ = pipeline.vc_stream((SOURCE, RECORDED), pipeline.named_voice("ben"), controls)
        medians[key] = np.median(f0[f0 > 0]) / 2 ** (1 / 12)
    # ben sings at 400 Hz, nearly two octaves over the source
    assert medians["median"] == pytest.approx(400, rel=0.01)
    assert medians["octaves"] == pytest.approx(4 * medians["off"], rel=0.01)
    unknown = pipeline.loader.speaker_voice("ben")
    unknown.tensors["log_f0"][:] = 0
    f0, _ = pipeline.vc_stream((SOURCE, RECORDED), unknown, _controls(pipeline, auto_key="median"))
    assert np.median(f0[f0 > 0]) == pytest.approx(medians["off"], rel=0.01)
    assert "the key stays" in caplog.text
    given = np.full(50, 300.0, np.float32)
    f0, _ = pipeline.vc_stream(
        (SOURCE, RECORDED), pipeline.named_voice("ben"), _controls(pipeline, auto_key="median"), given
    )
    np.testing.assert_allclose(f0, 300, rtol=1e-4)


def test_a_song_in_windows_is_near_that_in_one_pass(
    system: str, pipeline: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    song = np.concatenate([voice(1.5, f0=f0) for f0 in (110, 150, 130, 200)])
    whole = _song(pipeline, song)
    for name, frames in (("KEPT_FRAMES", 160), ("CONTEXT_FRAMES", 96), ("FADE_FRAMES", 24)):
        monkeypatch.setattr(windows, name, frames)
    cut = _song(pipeline, song)
    assert cut.shape == whole.shape
    assert np.abs(cut - whole).mean() < WINDOWED[system] * whole.std()


def test_singers_mix(pipeline: Any) -> None:
    singers = [pipeline.named_voice(name) for name in ("ada", "ben")]
    mixed = mix_voices(singers, (0.5, 0.5))
    assert float(mixed.tensors["log_f0"].exp()) == pytest.approx(np.sqrt(200 * 400), rel=1e-4)
    broken = type(singers[0])({"style": torch.zeros(3, 1)}, singers[0].model)
    with pytest.raises(CheckpointError, match="holds no style"):
        pipeline.voices.check(broken, "it")
    with pytest.raises(ConfigError, match="takes no recordings as prompts"):
        pipeline.voice((SOURCE, RECORDED), for_text=False)


def test_noise_and_solvers_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "build_semantic_extractor", tiny_content)
    pipeline = hiervox.load(write_diffwavenet_svc(tmp_path / "model"), device="cpu")
    plain = _song(pipeline, seed=3)
    for controls in ({"solver": "ddim"}, {"steps": 7}, {"seed": 4}, {"depth": 0.5}, {"temperature": 0.5}):
        assert np.abs(_song(pipeline, **{"seed": 3, **controls}) - plain).max() > 1e-3, controls
    silent = [_song(pipeline, seed=seed, temperature=0, solver="ddpm") for seed in (3, 4)]
    np.testing.assert_array_equal(*silent)


def test_of_student_and_teacher_the_student_sings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "build_semantic_extractor", tiny_content)
    write_teacher(tmp_path / "model" / "teacher")
    teacher = hiervox.load(tmp_path / "model", device="cpu")
    assert not teacher.converter.network.sizes.student
    assert np.abs(_song(teacher, steps=3) - _song(teacher, steps=5)).max() > 1e-3
    write_diffcomo_svc(tmp_path / "model" / "student")
    student = hiervox.load(tmp_path / "model", device="cpu")
    assert student.converter.network.sizes.student
    np.testing.assert_array_equal(_song(student), _song(student, steps=1))
    assert np.abs(_song(student, steps=3) - _song(student)).max() > 1e-3


def test_it_reads_no_text(pipeline: Any) -> None:
    with pytest.raises(CheckpointError, match="reads no text"):
        pipeline.tts("Hello.", pipeline.named_voice("ada"))


def test_the_command_keeps_an_accompaniment(
    system: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "build_semantic_extractor", tiny_content)
    monkeypatch.setattr(mel_synthesizer, "GriffinLimVocoder", lambda mel: Buzzer())
    WRITERS[system](tmp_path / "model")
    soundfile.write("song.wav", SOURCE, RECORDED)
    time = np.arange(2 * 44_100) / 44_100
    soundfile.write("band.wav", 0.2 * np.sin(2 * np.pi * 1000 * time), 44_100)
    given = ["svc", "--source", "song.wav", "--voice", "ben", "--model", "model", "--device", "cpu"]
    given += [f"--control={name}={value}" for name, value in QUICK.get(system, {}).items()]
    for name, more in (("alone", []), ("mixed", ["--accompaniment", "band.wav"])):
        done = CliRunner().invoke(app, [*given, *more, "-o", f"{name}.wav", "--scaling", "none"])
        assert done.exit_code == 0, done.exception
    alone, mixed = (soundfile.read(f"{name}.wav")[0] for name in ("alone", "mixed"))
    assert len(mixed) == 2 * RATE > len(alone)
    rest = mixed.copy()
    rest[: len(alone)] -= alone
    expected = 0.2 * np.sin(2 * np.pi * 1000 * np.arange(2 * RATE) / RATE)
    np.testing.assert_allclose(rest[200:-200], expected[200:-200], atol=2e-3)
    assert json.loads(Path("mixed.wav.json").read_text())["accompaniment"] == "band.wav"
    missing = CliRunner().invoke(app, [*given, "--accompaniment", "none.wav", "-o", "other.wav"])
    assert "none.wav" in str(missing.exception) and not Path("other.wav").exists()
    several = ["--source", "alone.wav", "--out-dir", "made", "--accompaniment", "band.wav"]
    assert "goes with one recording" in str(CliRunner().invoke(app, [*given, *several]).exception)
