"""The commands of the page on text-to-speech systems run as they are written, on tiny models."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from typer.testing import CliRunner

from hiervox.bins.app import app
from hiervox.models.base.checkpoints.checkpoint import save_weights
from tests.conftest import REPOSITORY
from tests.models.codec.encodec.tiny_encodec import tiny_encodec
from tests.models.tts.f5_tts.tiny_f5_tts import write_f5_tts
from tests.models.tts.fastspeech2.test_pipeline import write_tiny
from tests.models.tts.glow_tts.test_pipeline import write_glow_tts
from tests.models.tts.glow_wavegan.tiny_glow_wavegan import write_glow_wavegan
from tests.models.tts.hierspeech.test_pipeline import write_hierspeech
from tests.models.tts.jets.tiny_jets import write_jets
from tests.models.tts.kokoro.tiny_kokoro import write_kokoro
from tests.models.tts.matcha_tts.tiny_matcha_tts import write_matcha_tts
from tests.models.tts.naturalspeech2.tiny_naturalspeech2 import write_naturalspeech2
from tests.models.tts.valle.tiny_valle import tiny_autoregressive, tiny_non_autoregressive
from tests.models.tts.vits.test_task import MEL
from tests.models.tts.vits.tiny_vits import sizes, tiny_vits
from tests.models.tts.wavegrad2.test_pipeline import write_model

PAGE = REPOSITORY / "docs" / "guides" / "tts_systems.md"
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _save(folder: Path, system: str, part: str, network: Any, tree: dict[str, Any]) -> None:
    folder.mkdir(parents=True)
    save_weights(folder, network.state_dict(), {"system": system, "part": part, **tree})


def _write_vits(folder: Path, voice: str) -> None:
    network = tiny_vits(voice)
    with torch.no_grad():
        network.decoder.output.weight *= 20  # loud enough for the checks
    _save(folder, "vits", "vits", network, {"model": sizes(voice), "mel": MEL})


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with all that the page names."""
    monkeypatch.chdir(tmp_path)
    _write_vits(Path("exp/vits_one"), "none")
    _write_vits(Path("exp/vits"), "table")
    write_hierspeech(Path("exp/hierspeech"))
    write_tiny(Path("exp/fastspeech2"), "table")
    write_jets(Path("exp/jets"), "table")
    write_model(Path("exp/wavegrad2"))
    write_naturalspeech2(Path("exp/naturalspeech2"))
    write_f5_tts(Path("exp/f5_tts"))
    write_glow_tts(Path("exp/glow_tts"), "table")
    write_matcha_tts(Path("exp/matcha_tts"), "table")
    write_kokoro(Path("kokoro"), ("af_heart", "bf_emma", "ef_dora"))
    write_glow_wavegan(Path("exp/glow_wavegan"), "table")
    for system, part, network in (
        ("encodec", "encodec", tiny_encodec()),
        ("valle", "autoregressive", tiny_autoregressive()),
        ("valle", "non_autoregressive", tiny_non_autoregressive()),
    ):
        model = {"model": network.config.model_dump(mode="json")}
        _save(Path("exp/valle/bundle") / part, system, part, network, model)
    soundfile.write("voice.wav", np.random.default_rng(0).normal(0, 0.1, 16_000), 16_000)
    return tmp_path


def test_commands(models: Path) -> None:
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    commands = [shlex.split(line)[1:] for block in blocks for line in block.splitlines()]
    spoken = [command for command in commands if command[0] != "convert"]  # those files are not at hand
    assert len(spoken) == 22
    for command in spoken:
        bound = ["--control", "stop_at_bound=true"] if "exp/valle/bundle" in command else []
        result = CliRunner().invoke(app, [*command, *bound, "--device", "cpu"])
        assert result.exit_code == 0, f"{command}: {result.exception!r} {result.output}"
        assert soundfile.info(command[command.index("-o") + 1]).frames > 0


def test_python(models: Path) -> None:
    for code in PYTHON.findall(PAGE.read_text(encoding="utf-8")):
        names: dict[str, Any] = {}
        exec(compile(code, "tts_systems", "exec"), names)
        assert names["speech"].wav.size > 0
