from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from hiervox.models.base.data.corpus import read_corpus
from hiervox.models.base.data.manifest import audio_path, read_cuts, text_of, write_cuts
from hiervox.utils.errors import DataError
from tests.models.base.data.corpora import RATE, make_table, voice


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two short recordings."""
    (tmp_path / "ann").mkdir()
    soundfile.write(tmp_path / "ann" / "a.wav", voice(0.5), RATE)
    soundfile.write(tmp_path / "b.wav", voice(0.25), RATE)
    return tmp_path


def table(folder: Path, text: str, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_csv_rows_become_cuts(folder: Path) -> None:
    rows = 'audio,text,speaker,language\nann/a.wav,"Yes, it is.",ann,en\nb.wav,,bob,\n'
    first, second = read_corpus(table(folder, rows), language="de")
    assert (first.id, second.id) == ("ann-a", "b")
    assert audio_path(first) == folder / "ann" / "a.wav"
    assert first.duration == 0.5
    assert text_of(first) == "Yes, it is."
    assert text_of(second) == ""
    assert (first.supervisions[0].speaker, first.supervisions[0].language) == ("ann", "en-us")
    assert second.supervisions[0].language == "de"


def test_jsonl_keeps_ids_and_ipa(folder: Path) -> None:
    row = '{"audio": "b.wav", "text": "hi", "speaker": 7, "id": "x", "ipa": "hˈaɪ", "seconds": 0.25}\n\n'
    (cut,) = read_corpus(table(folder, row, "table.jsonl"))
    assert cut.id == "x"
    assert cut.supervisions[0].speaker == "7"
    assert cut.supervisions[0].custom == {"ipa": "hˈaɪ"}


def test_without_a_text_column_there_is_no_text(folder: Path) -> None:
    (cut,) = read_corpus(table(folder, "audio\nb.wav\n"))
    assert text_of(cut) is None


def test_a_jsonl_row_without_text_is_audio_only(folder: Path) -> None:
    rows = '{"audio": "b.wav", "text": "One."}\n{"audio": "ann/a.wav"}\n'
    assert [text_of(cut) for cut in read_corpus(table(folder, rows, "table.jsonl"))] == ["One.", None]


def test_kaldi_folder(folder: Path) -> None:
    table(folder, f"one ann/a.wav\ntwo {folder}/b.wav\n", "wav.scp")
    table(folder, "one ann\ntwo bob\n", "utt2spk")
    table(folder, "one yes it is\n", "text")
    table(folder, "two de\n", "utt2lang")
    one, two = read_corpus(folder)
    assert (one.id, text_of(one), one.supervisions[0].speaker) == ("one", "yes it is", "ann")
    assert (two.id, text_of(two), two.supervisions[0].language) == ("two", "", "de")
    assert audio_path(two) == folder / "b.wav"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("t.csv", "path,text\nb.wav,hi\n", "has no column `audio`"),
        ("t.csv", "audio,text\nb.wav,yes, it is\n", "line 2 does not have 2 fields"),
        ("t.csv", "audio,text\nb.wav\n", "line 2 does not have 2 fields"),
        ("t.csv", "audio,text\nb.wav,hi\n,ho\n", "line 3 names no audio file"),
        ("t.csv", "audio,text\nc.wav,hi\n", "line 2: no audio file"),
        ("t.csv", "audio,text\nb.wav,hi\nb.wav,ho\n", "line 3 and .*line 2 are both called 'b'"),
        ("t.csv", "audio,text\n", "holds no utterances"),
        ("t.csv", "", "has no column `audio`"),
        ("t.jsonl", '{"audio": "b.wav"\n', "line 1 is not JSON"),
        ("t.jsonl", '["b.wav"]\n', "line 1 is not a JSON object"),
        ("t.jsonl", '{"audio": "b.wav", "text": 7}\n', "line 1: text is 7, not a string"),
        ("t.txt", "b.wav\n", "neither .csv nor .jsonl"),
    ],
)
def test_bad_tables_name_the_row(folder: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_corpus(table(folder, text, name))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("wav.scp", "one sph2pipe -f wav a.sph |\n", "line 1 is a pipe"),
        ("wav.scp", "one b.wav\none b.wav\n", "line 2 repeats 'one'"),
        ("wav.scp", "two b.wav\n", "'two' has no line in utt2spk"),
        ("segments", "one rec 0 1\n", "has a segments file"),
    ],
)
def test_bad_kaldi_folders_name_the_line(folder: Path, name: str, text: str, message: str) -> None:
    table(folder, "one b.wav\n", "wav.scp")
    table(folder, "one ann\n", "utt2spk")
    table(folder, text, name)
    with pytest.raises(DataError, match=message):
        read_corpus(folder)


def test_latin1_table_is_refused(folder: Path) -> None:
    (folder / "t.csv").write_bytes("audio,text\nb.wav,schön\n".encode("latin-1"))
    with pytest.raises(DataError, match="not a UTF-8"):
        read_corpus(folder / "t.csv")


def test_manifest_round_trip(tmp_path: Path) -> None:
    cuts = read_corpus(make_table(tmp_path, [0.5, 0.75]))
    write_cuts(cuts, tmp_path / "cuts.jsonl.gz")
    assert read_cuts(tmp_path) == cuts


def test_unreadable_header_is_left_to_validation(folder: Path) -> None:
    (folder / "b.wav").write_bytes(b"nothing")
    (cut,) = read_corpus(table(folder, "audio\nb.wav\n"))
    assert cut.duration == 0


def test_stereo_is_kept_for_validation(folder: Path) -> None:
    soundfile.write(folder / "s.wav", np.zeros((800, 2)), RATE)
    (cut,) = read_corpus(table(folder, "audio\ns.wav\n"))
    assert cut.num_channels == 2


@pytest.mark.parametrize("content", [b"\x1f\x8b\x08garbage", b'{"id": 3}\n'])
def test_broken_manifest_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "cuts.jsonl.gz").write_bytes(content)
    with pytest.raises(DataError, match=r"cuts\.jsonl\.gz is not a whole cut manifest"):
        read_cuts(tmp_path)
