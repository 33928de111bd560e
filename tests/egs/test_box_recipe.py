"""The box recipe's own programs and configs."""

from __future__ import annotations

import csv
import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from hiervox.models.tts.hierspeechpp.lite.config import LiteSynthesizerExperiment
from hiervox.models.tts.hierspeechpp.lite.networks.text_to_vec import LiteTextToVec
from hiervox.models.tts.hierspeechpp.lite.ttv_config import LiteTextToVecExperiment
from hiervox.processors.audio import read_audio, write_audio
from hiervox.utils.config import load_config
from hiervox.utils.errors import DataError
from tests.conftest import REPOSITORY

RECIPE = REPOSITORY / "egs" / "tts" / "hierspeechpp" / "box"


@pytest.fixture
def corpus_table(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(RECIPE / "local"))
    return importlib.import_module("corpus_table")


@pytest.fixture
def measure(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(RECIPE / "local"))
    return importlib.import_module("measure")


def write_corpora(folder: Path) -> tuple[Path, Path]:
    """One with a manifest, one with a table."""
    real, made = folder / "real", folder / "made"
    real.mkdir()
    made.mkdir()
    clips = [
        {"audio": "a.flac", "speaker": "1", "text": "One.", "avg_logprob": -0.2},
        {"audio": "b.flac", "speaker": "1", "text": "Won?", "avg_logprob": -0.9},
        {"audio": "c.flac", "speaker": "2", "text": "Two.", "seconds": 2.5},
    ]
    (real / "manifest.jsonl").write_text("".join(json.dumps(clip) + "\n" for clip in clips))
    (made / "table.csv").write_text("audio,text,speaker,language,ipa\naudio/d.opus,Three.,3,en-us,θɹˈiː.\n")
    return real, made


def test_corpora_become_one_table_without_doubted_texts_and_held_out_speakers(
    corpus_table: ModuleType, tmp_path: Path
) -> None:
    real, made = write_corpora(tmp_path)
    rows = [row for corpus in (real, made) for row in corpus_table.rows(corpus, frozenset({"2"}))]
    assert rows == [
        {"audio": str(real / "a.flac"), "id": "real-a", "text": "One.", "speaker": "1"},
        {"audio": str(real / "b.flac"), "id": "real-b", "speaker": "1"},
        {
            "audio": str(made / "audio/d.opus"),
            "id": "made-d",
            "text": "Three.",
            "ipa": "θɹˈiː.",
            "speaker": "3",
        },
    ]


def test_voices_are_multiplied_by_their_speed(
    corpus_table: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    speed_copies = importlib.import_module("speed_copies")
    monkeypatch.setattr(speed_copies, "RANGES", ((0.8, 0.8), (1.25, 1.25)))
    wav = (0.5 * np.sin(2 * np.pi * 400 * np.arange(16_000) / 16_000)).astype(np.float32)
    write_audio(tmp_path / "a.flac", wav, 16_000)
    row = {"audio": str(tmp_path / "a.flac"), "id": "real-a", "text": "One.", "speaker": "1"}
    slow, quick = speed_copies.copied([row], 2, tmp_path / "speeds")
    assert (slow["id"], slow["speaker"], slow["text"]) == ("real-a-x0.80", "1-x0.80", "One.")
    for copy, seconds, pitch in ((slow, 1.25, 320), (quick, 0.8, 500)):
        sound, _ = read_audio(copy["audio"], 16_000)
        assert sound.size == round(16_000 * seconds)
        spectrum = np.abs(np.fft.rfft(sound))
        assert spectrum.argmax() / seconds == pytest.approx(pitch, abs=1)


def test_a_folder_that_is_no_corpus_is_named(corpus_table: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has no manifest\.jsonl and no table\.csv"):
        corpus_table.entries(tmp_path)


def test_every_clip_is_measured_in_the_voice_of_another_of_its_speaker(
    measure: ModuleType, tmp_path: Path
) -> None:
    real, _ = write_corpora(tmp_path)
    clips = measure.pairs(real, 2)
    assert [(clip.id, clip.prompt.name, clip.other.name) for clip in clips] == [
        ("a", "b.flac", "c.flac"),
        ("c", "c.flac", "a.flac"),
    ]
    assert [clip.id for clip in measure.pairs(real, 9)] == ["a", "c", "b"]


def test_the_table_is_what_evaluate_reads(measure: ModuleType, tmp_path: Path) -> None:
    row = dict.fromkeys(measure.COLUMNS, "x")
    measure.write_table([row], tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(encoding="utf-8", newline="") as stream:
        assert list(csv.DictReader(stream)) == [row]


def test_the_configs_load_and_the_synthesizers_differ_in_discriminators_alone() -> None:
    text_to_vec, pitch = (
        load_config(RECIPE / "conf" / f"{name}.json5", LiteTextToVecExperiment)
        for name in ("text_to_vec", "pitch")
    )
    assert pitch.model == text_to_vec.model.model_copy(
        update={"prior_sampling_ratio": pitch.model.prior_sampling_ratio}
    )
    names = {name for name, _ in LiteTextToVec(text_to_vec.model).named_children()}
    assert names - set(pitch.train.freeze) == {"pitch_predictor"}
    start, full = (
        load_config(RECIPE / "conf" / f"{name}.json5", LiteSynthesizerExperiment)
        for name in ("synthesizer_start", "synthesizer")
    )
    assert start.model == full.model and start.data == full.data
    assert start.features == full.features
    assert start.loss.adversarial == start.loss.feature_matching == 0
    assert full.loss.adversarial > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--stage", "9"], "numbers from 1 to 8"),
        (["--nonsense"], "no option --nonsense"),
        (["--stop-stage", "1"], "no --corpus"),
    ],
)
def test_wrong_options_are_named(arguments: list[str], message: str, tmp_path: Path) -> None:
    command = ["bash", str(RECIPE / "run.sh"), *arguments, "--exp", str(tmp_path)]
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    done = subprocess.run(command, capture_output=True, text=True, env={"PATH": path}, check=False)
    assert done.returncode == 2
    assert message in done.stderr


def test_blurred_formants_have_less_contrast(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(str(RECIPE / "research"))
    formants = importlib.import_module("formants")
    time = np.arange(16000) / 16000
    gains = {"sharp": 30.0, "blurred": 15.0}
    for name, decibels in gains.items():
        peaks = [10 ** (decibels / 20 * (np.exp(-(((120 * n - 700) / 200) ** 2)) - 1)) for n in range(1, 60)]
        wav = sum(peak * np.sin(2 * np.pi * 120 * (n + 1) * time) for n, peak in enumerate(peaks))
        (tmp_path / name).mkdir()
        write_audio(tmp_path / name / "a.wav", (0.05 * wav).astype(np.float32), 16000)
    sharp, blurred = (
        formants.measure(tmp_path / name / "a.wav", tmp_path / "sharp" / "a.wav") for name in gains
    )
    assert sharp[1] == 0 and blurred[1] > 1
    assert sharp[0] > 1.5 * blurred[0]
    arguments = ["--made", f"blurred={tmp_path / 'blurred'}", "--recorded", str(tmp_path / "sharp")]
    monkeypatch.setattr("sys.argv", ["formants.py", *arguments, "--picture", str(tmp_path / "picture.png")])
    formants.main()
    assert (tmp_path / "picture.png").stat().st_size > 1000
