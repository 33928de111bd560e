from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hiervox.evaluation.listening.design import ANCHOR, REFERENCE, design, key
from hiervox.evaluation.listening.page import anchor
from hiervox.evaluation.table import Utterance
from hiervox.processors.audio import write_audio
from hiervox.utils.errors import ConfigError, DataError


def rows(systems: dict[str, str], prompt: bool = True) -> list[Utterance]:
    return [
        Utterance(
            2, name, system, Path(f"{system}{name}.wav"), f"text {name}", Path("p.wav") if prompt else None
        )
        for system, names in systems.items()
        for name in names
    ]


def test_every_system_is_rated_on_the_sentences_that_all_have() -> None:
    trials = design(rows({"ours": "abc", "ground_truth": "bcd"}), "mos", [], None, 0)
    assert [(trial.sentence, trial.systems) for trial in trials] == [
        ("b", ("ground_truth",)),
        ("b", ("ours",)),
        ("c", ("ground_truth",)),
        ("c", ("ours",)),
    ]


def test_pairs_of_systems_are_preferred() -> None:
    trials = design(rows({"x": "a", "y": "a", "z": "a"}), "ab", [], None, 0)
    assert [trial.systems for trial in trials] == [("x", "y"), ("x", "z"), ("y", "z")]
    [trial] = design(rows({"x": "a", "y": "a", "z": "a"}), "ab", ["z", "x"], None, 0)
    assert trial.sounds == (Path("xa.wav"), Path("za.wav"))


def test_a_draw_depends_on_the_seed_alone() -> None:
    table = rows({"x": "abcdefgh"})
    drawn = [[trial.sentence for trial in design(table, "mos", [], 4, seed)] for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2] and len(set(drawn[0])) == 4


def test_names_say_nothing_and_the_key_says_all() -> None:
    trials = design(rows({"x": "ab", "y": "ab"}), "mos", [], None, 0)
    names = [trial.name for trial in trials]
    assert len(set(names)) == 4
    found = key(trials, "mos")
    assert found["trials"][names[1]] == {"sentence": "a", "systems": ["y"]}
    assert found["test"] != key(trials[:2], "mos")["test"]


@pytest.mark.parametrize(
    ("systems", "kind", "chosen", "count", "error", "message"),
    [
        ({"x": "a"}, "mos", ["z"], None, ConfigError, "no system 'z'"),
        ({"x": "a"}, "ab", [], None, ConfigError, "needs two systems"),
        ({"x": "a", "y": "b"}, "ab", [], None, DataError, "share no sentence"),
        ({"x": "a"}, "mos", [], 2, DataError, "share 1 sentences, not 2"),
        ({"x": "a"}, "smos", [], None, DataError, "no prompt"),
    ],
)
def test_mistakes_are_told(systems, kind, chosen, count, error, message) -> None:
    with pytest.raises(error, match=message):
        design(rows(systems, prompt=False), kind, chosen, count, 0)


def test_mushra_hides_the_reference_and_an_anchor() -> None:
    table = [replace(row, reference=Path("r.wav")) for row in rows({"ground_truth": "a", "x": "a", "y": "a"})]
    [trial] = design(table, "mushra", [], None, 0)
    assert trial.systems == ("x", "y", REFERENCE, ANCHOR)
    assert trial.sounds == (Path("xa.wav"), Path("ya.wav"), Path("r.wav"), Path("r.wav"))
    assert trial.prompt == Path("r.wav")
    with pytest.raises(DataError, match="no reference in common"):
        design(rows({"x": "a"}), "mushra", [], None, 0)
    with pytest.raises(ConfigError, match="beside its reference"):
        design(table, "mushra", ["ground_truth"], None, 0)


def test_an_anchor_ends_at_three_and_a_half_kilohertz(tmp_path) -> None:
    rate = 16000
    time = np.arange(rate) / rate
    for hertz, share in ((1000, 1.0), (3000, 1.0), (5000, 0.0)):
        write_audio(tmp_path / "tone.wav", (0.5 * np.sin(2 * np.pi * hertz * time)).astype(np.float32), rate)
        wav, found = anchor(tmp_path / "tone.wav")
        assert found == rate
        assert np.abs(wav[2000:-2000]).max() == pytest.approx(0.5 * share, abs=0.03)
