"""Tests of alignments: in files, in cuts, and as the feature `durations`."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from hiervox.bins.app import app
from hiervox.models.base.data.aligning import FAILURES_NAME, Outputs, align_corpus, by_files, by_model
from hiervox.models.base.data.alignment_files import (
    Interval,
    ctm_lines,
    read_ctm,
    read_textgrid,
    write_textgrid,
)
from hiervox.models.base.data.clip import Clip
from hiervox.models.base.data.corpus import iterate_corpus
from hiervox.models.base.data.manifest import CUTS_NAME, read_cuts, write_cuts
from hiervox.models.base.data.setup import FeatureSetup
from hiervox.models.base.features.durations import Durations
from hiervox.processors.text.config import TextConfig
from hiervox.utils.errors import DataError, TextError

RATE = 16_000
SYMBOLS = TextConfig().symbols
MFA = """File type = "ooTextFile"
Object class = "TextGrid"

0
1
<exists>
2
"IntervalTier"
"words"
0
1
4
0
0.1
""
0.1
0.4
"bat"
0.4
0.8
"cow"
0.8
1
""
"IntervalTier"
"phones"
0
1
7
0
0.1
"sil"
0.1
0.2
"B"
0.2
0.3
"AE1"
0.3
0.4
"T"
0.4
0.6
"K"
0.6
0.8
"AW0"
0.8
1
""
"""


class HalfSilent:
    """An aligner to which the first and the last quarter are silence."""

    text = TextConfig()

    def align(self, wav: Any, rate: int, tokens: Any) -> list[tuple[float, float]]:
        edges = np.linspace(0.25, 0.75, len(tokens) + 1) * len(wav) / rate
        return list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A manifest of two seconds of noise, one with a text and one without."""
    rows = [["audio", "text"], ["ann/a.wav", "A bat."], ["ann/b.wav", ""]]
    for audio, _ in rows[1:]:
        (tmp_path / "ann").mkdir(exist_ok=True)
        noise = np.random.default_rng(0).normal(0, 0.1, RATE)
        soundfile.write(tmp_path / audio, noise, RATE)
    with (tmp_path / "table.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows(rows)
    write_cuts(iterate_corpus(tmp_path / "table.csv", "en-us"), tmp_path / "raw" / CUTS_NAME)
    return tmp_path / "raw"


def _durations(cut: Any) -> np.ndarray:
    return Durations(FeatureSetup()).compute(Clip(cut, FeatureSetup()))


def test_an_aligner_gives_durations_of_what_is_not_silent(corpus: Path, tmp_path: Path) -> None:
    outputs = Outputs(tmp_path / "out", tmp_path / "grids", tmp_path / "all.ctm")
    result = align_corpus(corpus, by_model(HalfSilent()), outputs)  # type: ignore[arg-type]
    assert result.cuts == 1 and set(result.failures) == {"ann-b"}
    assert "ann-b" in (tmp_path / "out" / FAILURES_NAME).read_text()
    (cut,) = read_cuts(tmp_path / "out")
    assert cut.start == pytest.approx(0.23) and cut.duration == pytest.approx(0.54)
    durations = _durations(cut)
    tokens = cut.supervisions[0].custom["tokens"]
    assert len(durations) == len(tokens) and durations.sum() == 27 and durations.min() >= 1
    # what was written out can be read in: times are those of the recording
    for given in (tmp_path / "grids", tmp_path / "all.ctm"):
        again = align_corpus(corpus, by_files(given, SYMBOLS), Outputs(tmp_path / given.stem))
        assert again.cuts == 1
        (copy,) = read_cuts(tmp_path / given.stem)
        np.testing.assert_array_equal(_durations(copy), durations)
        assert copy.supervisions[0].custom["tokens"] == tokens


def test_silence_at_the_ends_can_stay(corpus: Path, tmp_path: Path) -> None:
    align_corpus(corpus, by_model(HalfSilent()), Outputs(tmp_path / "out", trim=False))  # type: ignore[arg-type]
    (cut,) = read_cuts(tmp_path / "out")
    assert (cut.start, cut.duration) == (0, 1)
    durations = _durations(cut)
    assert durations.sum() == 50 and min(durations[0], durations[-1]) > 12


def test_textgrids_of_mfa(corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "mfa" / "ann").mkdir(parents=True)
    (tmp_path / "mfa" / "ann" / "a.TextGrid").write_text(MFA)
    align_corpus(corpus, by_files(tmp_path / "mfa", SYMBOLS), Outputs(tmp_path / "out"))
    (cut,) = read_cuts(tmp_path / "out")
    custom = cut.supervisions[0].custom
    assert custom["ipa"] == "bˈæt kaʊ" and len(custom["tokens"]) == 8
    durations = _durations(cut)
    assert durations.sum() == 37 and durations[4] == 0  # words meet without a pause
    assert durations[6:].tolist() == [5, 6]


def test_files_say_what_they_hold(tmp_path: Path) -> None:
    phones = [Interval(0.1, 0.25, "ə"), Interval(0.25, 0.25, "ˈ"), Interval(0.25, 0.5, '"')]
    write_textgrid(tmp_path / "a.TextGrid", phones, 0.7)
    read = read_textgrid(tmp_path / "a.TextGrid").phones
    assert [one.label for one in read] == ["", "ə", '"', ""]
    assert (read[0].end, read[-1].end) == pytest.approx((0.1, 0.7))
    (tmp_path / "a.ctm").write_text("\n".join(ctm_lines("u", phones)) + "\n;; a comment\n")
    found = read_ctm(tmp_path / "a.ctm")["u"].phones
    assert [tuple(one) for one in found] == [pytest.approx(tuple(one)) for one in phones]


@pytest.mark.parametrize(
    "name, content, message",
    [
        ("a.ctm", "u 1 0.1 0.2\n", "line 1 is no CTM"),
        ("a.ctm", "u 1 0.1 x ə\n", "line 1 is no CTM"),
        ("a.ctm", "u 1 0.0 0.5 ə\nu 1 0.2 0.5 ə\n", "out of order"),
        ("a.ctm", "", "no alignment"),
        ("g/ann/a.TextGrid", "hello", "can't read .* as a TextGrid"),
        ("g/ann/a.TextGrid", MFA.replace('"phones"', '"sounds"'), "no tier phones"),
        ("g/ann/a.TextGrid", MFA.replace('"AE1"', '"日"'), "no symbol for 日"),
        ("g/notes.txt", "", "holds no .TextGrid"),
    ],
)
def test_bad_files_are_one_line(corpus: Path, tmp_path: Path, name: str, content: str, message: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    given = tmp_path / name.split("/")[0]
    with pytest.raises((DataError, TextError), match=message):
        align_corpus(corpus, by_files(given, SYMBOLS), Outputs(tmp_path / "out"))


def test_the_verb(corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "a.ctm").write_text("a 1 0.1 0.2 HH\na 1 0.3 0.3 AA1\n")
    command = ["align", "--cuts", str(corpus), "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(app, [*command, "--from", str(tmp_path / "a.ctm")])
    assert result.exit_code == 0 and "1 utterances are aligned" in result.output
    assert read_cuts(tmp_path / "out")[0].supervisions[0].custom["ipa"] == "hˈɑː"
    again = CliRunner().invoke(app, [*command, "--from", str(tmp_path / "a.ctm")])
    assert "exists" in str(again.exception)
    neither = CliRunner().invoke(app, command)
    assert "--model or --from" in str(neither.exception)


@pytest.mark.parametrize("start", [b"\0\0\x7f\xff type = ", b"RIFF", b""])
def test_what_praat_would_crash_on_is_refused(tmp_path: Path, start: bytes) -> None:
    (tmp_path / "a.TextGrid").write_bytes(
        start + b'"ooTextFile"\nObject class = "TextGrid"\n'[: 9 * len(start)]
    )
    with pytest.raises(DataError, match=r"can't read .*a\.TextGrid as a TextGrid"):
        read_textgrid(tmp_path / "a.TextGrid")


def test_half_a_character_in_a_label_is_refused(tmp_path: Path) -> None:
    label = b'"a\xed\xa0\x80\xc9\xaa"\n'
    head = b'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n0.6\n<exists>\n1\n'
    tier = b'"IntervalTier"\n"phones"\n0\n0.6\n1\n0\n0.6\n'
    (tmp_path / "a.TextGrid").write_bytes(head + tier + label)
    with pytest.raises(DataError, match="as a TextGrid"):
        read_textgrid(tmp_path / "a.TextGrid")
