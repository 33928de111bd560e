from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from hiervox.bins.vocabulary import vocabulary
from hiervox.models.base.training.experiment import load_experiment
from hiervox.models.tts.hierspeechpp.ttv_config import TextToVecExperiment
from hiervox.processors.text import SYMBOLS
from hiervox.utils.errors import CheckpointError, ConfigError
from tests.models.base.data.test_vocabulary import ROWS, manifest
from tests.models.tts.hierspeechpp.tiny_bundle import write_tiny_bundle

app = typer.Typer()
app.command()(vocabulary)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_what_is_new_is_named_and_written(tmp_path: Path) -> None:
    bundle = write_tiny_bundle(tmp_path / "bundle")
    cuts = manifest(tmp_path)
    out = tmp_path / "vocabulary.json5"
    arguments = ("--cuts", cuts, "--init-from", bundle / "text_to_vec", "--out", out)
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert "      2 utterances in en-us" in lines and "      1 utterances in fr-fr  new" in lines
    assert any("3 times" in line and "U+0303 COMBINING TILDE  new" in line for line in lines)
    assert "1 utterances can't be spoken" in result.output
    told = json.loads(run("--cuts", cuts, "--init-from", bundle / "text_to_vec", "--json").output)
    assert told["utterances"]["en-us"] == 2 and "fr-fr" in told["new_languages"]
    assert told["new_symbols"]["\N{COMBINING TILDE}"] == 3 and told["unspeakable"] == 1
    experiment = load_experiment(out, ["out_dir=x", "data.cuts=y"])
    assert isinstance(experiment, TextToVecExperiment)
    assert experiment.text.languages == ("en-us", "fr-fr", "de")
    assert experiment.text.symbols[: len(SYMBOLS)] == SYMBOLS
    assert experiment.model.n_symbols == len(experiment.text.symbols) == 180
    assert experiment.features.semantic.family == "whisper"  # of the checkpoint
    assert isinstance(run(*arguments).exception, ConfigError)
    assert run(*arguments, "--overwrite").exit_code == 0


def test_a_corpus_that_the_model_can_read_needs_nothing(tmp_path: Path) -> None:
    result = run("--cuts", manifest(tmp_path, ROWS[:1]))
    assert result.output.splitlines() == ["      1 utterances in en-us", "the model has all symbols (178)"]


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [("synthesizer", ConfigError, "reads no text"), ("nothing", CheckpointError, "no checkpoint in")],
)
def test_only_a_text_to_vec_checkpoint_has_a_vocabulary(
    given: str, error: type[Exception], message: str, tmp_path: Path
) -> None:
    bundle = write_tiny_bundle(tmp_path / "bundle")
    result = run("--cuts", manifest(tmp_path, ROWS[:1]), "--init-from", bundle / given)
    assert isinstance(result.exception, error) and message in str(result.exception)
