"""The voice that the repository ships says fixed sentences, and a recogniser reads them back."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from typer.testing import CliRunner

from hiervox.bins.app import app
from hiervox.evaluation.metrics.sim import ResemblyzerSimilarity
from hiervox.evaluation.transcripts import error_counts, normalizer
from hiervox.models.base.pipelines.bundle import load_upsampler
from hiervox.models.base.pipelines.loading import load
from hiervox.models.tts.hierspeechpp.controls import HierSpeechControls
from hiervox.processors.audio import read_audio, resample, write_audio
from hiervox.processors.recognizer import Recognizer
from tests.conftest import REPOSITORY
from tests.docs.test_commands import BLOCK

BOX = REPOSITORY / "pretrained" / "box"
PROMPTS = ("rowan", "willow")
SENTENCES = (
    "The old bridge was closed for repairs until the end of the month.",
    "Can you bring a warm coat and something to eat for the train?",
    "My brother plays the piano every evening after dinner.",
    "We bought fresh bread and a bottle of milk at the market.",
    "Nobody knew why the lights in the hall went out last night.",
)
MOST_WORD_ERRORS = 0.10
LEAST_LIKENESS = 0.81  # measured: 0.846
READERS = REPOSITORY.parent / "shared" / "speech" / "librispeech_test_other"
LEAST_READERS_LIKENESS = {"1688-142285-0001.flac": 0.72, "3080-5032-0001.flac": 0.74}  # measured: 0.74, 0.77
LARGEST = 60_000_000


def test_the_shipped_voice_says_five_sentences() -> None:
    recognizer, encoder, normalize = Recognizer(), ResemblyzerSimilarity(), normalizer("en")
    pipeline = load(str(BOX), device="cpu")
    errors = words = 0.0
    likeness = []
    for index, text in enumerate(SENTENCES):
        prompt = BOX / "prompts" / f"{PROMPTS[index % 2]}.flac"
        speech = pipeline.tts(text, pipeline.voice(prompt), HierSpeechControls(seed=index))
        counts = error_counts(normalize(text), normalize(recognizer.transcribe(speech.wav)))
        errors, words = errors + counts["word_errors"], words + counts["words"]
        made, given = encoder.embed(speech.wav), encoder.embed(read_audio(prompt, 16000)[0])
        assert made is not None
        assert given is not None
        likeness.append(float(made @ given))
    assert errors / words < MOST_WORD_ERRORS
    assert np.mean(likeness) > LEAST_LIKENESS


@pytest.mark.skipif(not READERS.is_dir(), reason="the recordings of two readers are not there")
def test_the_voices_of_two_readers_are_caught() -> None:
    """Readers that no training has heard."""
    encoder, pipeline = ResemblyzerSimilarity(), load(str(BOX), device="cpu")
    for name, least in LEAST_READERS_LIKENESS.items():
        voice = pipeline.voice(READERS / name)
        given = encoder.embed(read_audio(READERS / name, 16000)[0])
        assert given is not None
        likeness = []
        for index, text in enumerate(SENTENCES):
            made = encoder.embed(pipeline.tts(text, voice, HierSpeechControls(seed=index)).wav)
            assert made is not None
            likeness.append(float(made @ given))
        assert np.mean(likeness) > least


def test_all_weights_are_small_and_in_half_precision() -> None:
    files = sorted(BOX.rglob("model.safetensors"))
    assert {file.parent.name for file in files} == {"text_to_vec", "synthesizer", "speechsr24", "speechsr48"}
    assert sum(file.stat().st_size for file in BOX.rglob("*") if file.is_file()) < LARGEST
    for file in files:
        with safe_open(file, "pt") as stream:
            kinds = {stream.get_slice(name).get_dtype() for name in stream.keys()}  # noqa: SIM118
        assert kinds <= {"F16", "F8_E4M3", "I64"}, file


@pytest.mark.parametrize("rate", [24_000, 48_000])
def test_the_shipped_upsamplers_keep_the_band_below(rate: int) -> None:
    wav, _ = read_audio(BOX / "prompts" / "rowan.flac", 16_000)
    wide, given = load_upsampler(BOX, rate).upsample(wav, 16_000)
    assert given == rate
    again = resample(wide, rate, 16_000)[: len(wav)]
    assert np.corrcoef(again, wav[: len(again)])[0, 1] > 0.99


def test_the_card_and_the_texts_of_the_prompts_are_there() -> None:
    card = (BOX / "README.md").read_text(encoding="utf-8")
    for heading in ("Data", "Licences", "Figures", "Limits", "Synthetic and cloned voices"):
        assert f"## {heading}" in card
    for name in PROMPTS:
        assert (BOX / "prompts" / f"{name}.txt").read_text(encoding="utf-8").strip().endswith(".")


def test_the_commands_of_the_readme_speak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIERVOX_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    wav, rate = read_audio(BOX / "prompts" / "willow.flac")
    write_audio(tmp_path / "voice.wav", wav, rate)
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    block = next(block for block in BLOCK.findall(text) if "-o out.wav" in block)
    commands = [shlex.split(line)[1:] for line in block.splitlines() if line.startswith("hiervox ")]
    assert len(commands) == 2
    for command in commands:
        result = CliRunner().invoke(app, [*command, "--device", "cpu"])
        assert result.exit_code == 0, result.output
    for name, expected in (("out.wav", 16_000), ("mine.wav", 24_000)):
        spoken, found = read_audio(tmp_path / name)
        assert found == expected
        assert 1 < len(spoken) / found < 6


def test_the_demo_prints_what_it_measured(tmp_path: Path, warm_python: Path) -> None:
    environment = {**os.environ, "PATH": f"{warm_python}:{os.environ['PATH']}"}
    demo = REPOSITORY / "egs" / "tts" / "hierspeechpp" / "box" / "demo.sh"
    command = ["bash", str(demo), "--out", str(tmp_path / "demo"), "--device", "cpu"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    for system, count in (("prompt", 2), ("tts", 6), ("vc", 1), ("sr", 1)):
        assert f"| {system} | {count} |" in done.stdout
    assert read_audio(tmp_path / "demo" / "converted_48000.wav")[1] == 48_000
    assert len(list((tmp_path / "demo").rglob("*.wav"))) == 8
    for wrong, message in ((["--out"], "needs a value"), (["--loud"], "no option --loud")):
        refused = subprocess.run(["bash", str(demo), *wrong], capture_output=True, text=True, check=False)
        assert (refused.returncode, message in refused.stderr) == (2, True)
