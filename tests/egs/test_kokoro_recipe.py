"""Tests of `egs/tts/kokoro`: a dry run, what is refused, the table that is evaluated."""

from __future__ import annotations

import csv
import subprocess
from pathlib import Path

from hiervox.evaluation.table import COLUMNS
from hiervox.models.tts.kokoro.reading import LANGUAGES
from tests.conftest import REPOSITORY

RECIPE = REPOSITORY / "egs" / "tts" / "kokoro"


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([RECIPE / "run.sh", *arguments], capture_output=True, text=True, timeout=60)


def test_each_language_of_the_reader_has_ten_sentences_that_are_spoken_and_evaluated(tmp_path: Path) -> None:
    done = _run("--dry-run", "--exp", str(tmp_path / "exp"))
    assert done.returncode == 0, done.stderr
    for language in LANGUAGES:
        with (RECIPE / "sentences" / f"{language}.csv").open(encoding="utf-8", newline="") as stream:
            assert len(list(csv.DictReader(stream))) == 10
        assert f"/sentences/{language}.csv --model {tmp_path}/exp/model --language {language} " in done.stdout
        assert f"/exp/{language}.csv --out {tmp_path}/exp/evaluation/{language} " in done.stdout
    assert "model_int8.onnx --vocabulary" in done.stdout


def test_a_language_without_sentences_is_one_line(tmp_path: Path) -> None:
    done = _run("--exp", str(tmp_path), "--stage", "3", "--languages", "tlh")
    assert done.returncode == 2 and "no sentences of tlh" in done.stderr and done.stderr.count("\n") == 1


def test_the_table_names_sounds_texts_and_voices(tmp_path: Path) -> None:
    program, sentences = RECIPE / "local" / "spoken_table.py", RECIPE / "sentences" / "es.csv"
    given = ["--sentences", str(sentences), "--wavs", str(tmp_path), "--out", str(tmp_path / "es.csv")]
    subprocess.run(["python", program, *given], check=True, timeout=60)
    with (tmp_path / "es.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert set(COLUMNS) <= set(rows[0]) and len(rows) == 10
    assert rows[0]["audio"] == str(tmp_path / "es-01.wav") and rows[0]["speaker"] == "ef_dora"
