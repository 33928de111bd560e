from __future__ import annotations

import gzip
import json
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import soundfile
from lhotse.serialization import deserialize_item

from hiervox.models.base.data.clip import Clip
from hiervox.models.base.data.corpus import cut_tree, iterate_corpus
from hiervox.models.base.data.manifest import audio_path, read_cuts, text_of, write_cuts
from hiervox.models.base.data.utterance import Utterance
from hiervox.models.base.data.waveform import read_waveform
from hiervox.utils.errors import DataError
from tests.models.base.data.corpora import RATE, make_table, voice
from tests.plugins import installed


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
    first, second = iterate_corpus(table(folder, rows), language="de")
    assert (first.id, second.id) == ("ann-a", "b")
    assert audio_path(first) == folder / "ann" / "a.wav"
    assert first.duration == 0.5
    assert text_of(first) == "Yes, it is."
    assert text_of(second) == ""
    assert (first.supervisions[0].speaker, first.supervisions[0].language) == ("ann", "en-us")
    assert second.supervisions[0].language == "de"


def test_jsonl_keeps_ids_and_ipa(folder: Path) -> None:
    row = '{"audio": "b.wav", "text": "hi", "speaker": 7, "id": "x", "ipa": "hˈaɪ", "seconds": 0.25}\n\n'
    (cut,) = iterate_corpus(table(folder, row, "table.jsonl"))
    assert cut.id == "x"
    assert cut.supervisions[0].speaker == "7"
    assert cut.supervisions[0].custom == {"ipa": "hˈaɪ"}


def test_without_a_text_column_there_is_no_text(folder: Path) -> None:
    (cut,) = iterate_corpus(table(folder, "audio\nb.wav\n"))
    assert text_of(cut) is None


def test_a_jsonl_row_without_text_is_audio_only(folder: Path) -> None:
    rows = '{"audio": "b.wav", "text": "One."}\n{"audio": "ann/a.wav"}\n'
    assert [text_of(cut) for cut in iterate_corpus(table(folder, rows, "table.jsonl"))] == ["One.", None]


def test_kaldi_folder(folder: Path) -> None:
    table(folder, f"one ann/a.wav\ntwo {folder}/b.wav\n", "wav.scp")
    table(folder, "one ann\ntwo bob\n", "utt2spk")
    table(folder, "one yes it is\n", "text")
    table(folder, "two de\n", "utt2lang")
    one, two = iterate_corpus(folder)
    assert (one.id, text_of(one), one.supervisions[0].speaker) == ("one", "yes it is", "ann")
    assert (two.id, text_of(two), two.supervisions[0].language) == ("two", "", "de")
    assert audio_path(two) == folder / "b.wav"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.csv", "AUDIO;Text;Speaker\nb.wav;Yes, it is.;bob\n"),
        ("t.tsv", "audio\ttext\tspeaker\nb.wav\tYes, it is.\tbob\n"),
        ("t.txt", "speaker|audio|text\nbob|b.wav|Yes, it is.\n"),
        ("t.csv", '"Audio","Text","Speaker"\n"b.wav","Yes, it is.","bob"\n'),
        ("t.jsonl", '{"Audio": "b.wav", "Text": "Yes, it is.", "speaker": "bob"}\n'),
    ],
)
def test_tables_as_people_have_them(folder: Path, name: str, text: str) -> None:
    (cut,) = iterate_corpus(table(folder, text, name))
    assert (text_of(cut), cut.supervisions[0].speaker, cut.id) == ("Yes, it is.", "bob", "b")


def test_ljspeech_is_known_by_its_form(folder: Path) -> None:
    (folder / "wavs").mkdir()
    for name in ("LJ001-0001", "LJ001-0002"):
        soundfile.write(folder / "wavs" / f"{name}.wav", voice(0.3), RATE)
    rows = 'LJ001-0001|Chapter 1.|Chapter one.\nLJ001-0002|He said "so.|He said "so.\n'
    first, second = iterate_corpus(table(folder, rows, "metadata.csv"))
    assert (first.id, text_of(first), first.supervisions[0].speaker) == ("LJ001-0001", "Chapter one.", "LJ")
    assert text_of(second) == 'He said "so.'
    with pytest.raises(DataError, match="line 3 is not of LJSpeech's form"):
        list(iterate_corpus(table(folder, rows + "LJ001-0003\n", "metadata.csv")))


def test_segments_of_a_kaldi_folder_are_utterances(folder: Path) -> None:
    table(folder, "rec ann/a.wav\n", "wav.scp")
    table(folder, "rec-2 rec 0.1 0.3\nrec-3 rec 0.3 -1\n", "segments")
    table(folder, "rec-2 ann\nrec-3 bob\n", "utt2spk")
    table(folder, "rec-2 yes\nrec-3 no\n", "text")
    write_cuts(iterate_corpus(folder), folder / "cuts.jsonl.gz")
    first, second = read_cuts(folder)
    assert (first.id, text_of(first), first.supervisions[0].speaker) == ("rec-2", "yes", "ann")
    assert [(cut.start, round(cut.duration, 6)) for cut in (first, second)] == [(0.1, 0.2), (0.3, 0.2)]
    whole = soundfile.read(folder / "ann" / "a.wav", dtype="float32")[0]
    np.testing.assert_array_equal(read_waveform(first, RATE), whole[1600:4800])


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("t.csv", "path,text\nb.wav,hi\n", "has no column `audio`"),
        ("t.csv", "audio,text\nb.wav,yes, it is\n", "line 2 does not have 2 fields"),
        ("t.csv", "audio,text\nb.wav\n", "line 2 does not have 2 fields"),
        ("t.csv", "audio,text\nb.wav,hi\n,ho\n", "line 3 names no audio file"),
        ("t.csv", "audio,text\nc.wav,hi\n", "line 2: no audio file"),
        ("t.jsonl", '{"audio": "/."}\n', "line 1: no audio file"),
        ("t.csv", "audio,text\nb.wav,hi\nb.wav,ho\n", "line 3 and .*line 2 are both called 'b'"),
        ("t.csv", "audio,text\n", "holds no utterances"),
        ("t.csv", "", "has no column `audio`"),
        ("t.jsonl", '{"audio": "b.wav"\n', "line 1 is not JSON"),
        ("t.jsonl", '["b.wav"]\n', "line 1 is not a JSON object"),
        ("t.jsonl", '{"audio": "b.wav", "text": 7}\n', "line 1: text is 7, not a string"),
        ("t.xls", "b.wav\n", "neither .csv, .tsv nor .jsonl"),
        ("t.txt", "b.wav\n", "has no column `audio`"),
        (
            "t.csv",
            'audio,text\nb.wav,"Yes.\nann/a.wav,No.\n',
            "line 2 opens a double quote that is never closed",
        ),
        ("t.csv", f"audio,text\nb.wav,{'x' * 140_000}\n", "line 2 begins a field of over 131072 characters"),
        ("t.csv", 'audio,text\nb.wav,"a"b\n', "line 2 is malformed"),
        ("t.csv", "audio,text,text\nb.wav,a,b\n", "names the column 'text' twice"),
        (
            "t.csv",
            "audio,text\nb.wav,a,b\nc.wav,hi\n,ho\n",
            r"t\.csv has 3 bad rows: .*line 2 does not have 2 .*line 3: no audio .*line 4 names no audio",
        ),
        ("t.jsonl", "{\n" * 3 + '{"audio": "b.wav"}\n', "has 3 bad rows"),
    ],
)
def test_bad_tables_name_the_row(folder: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        list(iterate_corpus(table(folder, text, name)))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("wav.scp", "one sph2pipe -f wav a.sph |\n", "line 1 is a pipe"),
        ("wav.scp", "one b.wav\none b.wav\n", "line 2 repeats 'one'"),
        ("wav.scp", "two b.wav\n", "'two' has no line in utt2spk"),
        ("segments", "one rec 0 1\n", "line 1: 'rec' is not in wav.scp"),
        ("segments", "one one 0.2 0.1\n", "line 1 is not of the form utterance recording start end"),
        ("segments", "one one 0.0 nan\n", "line 1 is not of the form"),
        ("segments", "one one 0.1 9.0\n", "'one' is not within the 0.25 s of its recording"),
    ],
)
def test_bad_kaldi_folders_name_the_line(folder: Path, name: str, text: str, message: str) -> None:
    table(folder, "one b.wav\n", "wav.scp")
    table(folder, "one ann\n", "utt2spk")
    table(folder, text, name)
    with pytest.raises(DataError, match=message):
        list(iterate_corpus(folder))


def test_latin1_table_is_refused(folder: Path) -> None:
    (folder / "t.csv").write_bytes("audio,text\nb.wav,schön\n".encode("latin-1"))
    with pytest.raises(DataError, match="not a UTF-8"):
        list(iterate_corpus(folder / "t.csv"))


def test_manifest_round_trip(tmp_path: Path) -> None:
    cuts = list(iterate_corpus(make_table(tmp_path, [0.5, 0.75])))
    write_cuts(cuts, tmp_path / "cuts.jsonl.gz")
    assert read_cuts(tmp_path) == cuts


def test_trees_are_those_of_lhotse(folder: Path) -> None:
    soundfile.write(folder / "s.wav", np.zeros((801, 2)), RATE)
    (folder / "none.wav").write_bytes(b"nothing")
    for name, start, end in (("s.wav", 0.01003, 0.0301), ("b.wav", 0.0, None), ("none.wav", 0.0, None)):
        tree = cut_tree(
            Utterance("u", folder / name, "Hi.", "ann", "en", "hi", "row 2", start=start, end=end)
        )
        cut = deserialize_item(deepcopy(tree))
        assert tree == cut.to_dict()
        whole = cut.recording.to_cut()
        part = whole if end is None else whole.truncate(offset=start, duration=end - start)
        assert (cut.start, cut.duration, cut.channel) == (part.start, part.duration, part.channel)


def test_unreadable_header_is_left_to_validation(folder: Path) -> None:
    (folder / "b.wav").write_bytes(b"nothing")
    (cut,) = iterate_corpus(table(folder, "audio\nb.wav\n"))
    assert cut.duration == 0


def test_stereo_is_kept_for_validation(folder: Path) -> None:
    soundfile.write(folder / "s.wav", np.zeros((800, 2)), RATE)
    (cut,) = iterate_corpus(table(folder, "audio\ns.wav\n"))
    assert cut.num_channels == 2


@pytest.mark.parametrize("content", [b"\x1f\x8b\x08garbage", b'{"id": 3}\n'])
def test_broken_manifest_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "cuts.jsonl.gz").write_bytes(content)
    with pytest.raises(DataError, match=r"cuts\.jsonl\.gz is not a whole cut manifest"):
        read_cuts(tmp_path)


def changed(folder: Path, **values: object) -> Path:
    """A manifest of one cut in which `a.b` of `a__b` is another."""
    write_cuts(iterate_corpus(make_table(folder, [0.5])), folder / "cuts.jsonl.gz")
    tree = json.loads(gzip.decompress((folder / "cuts.jsonl.gz").read_bytes()))
    for key, value in values.items():
        *path, last = key.split("__")
        inner = tree
        for part in path:
            inner = inner[part]
        inner[last] = value
    (folder / "cuts.jsonl").write_text(json.dumps(tree) + "\n")
    return folder / "cuts.jsonl"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"duration": float("nan")}, r"line 1 \('u00'\) has a duration of nan"),
        ({"duration": -1.0}, "has a duration of -1.0"),
        ({"duration": 1e9}, "lasts over a week"),
        ({"duration": 10**400}, "has a duration of 1000"),
        ({"duration": 9.0}, "ends at 9 s of a recording of 0.5 s"),
        ({"start": "x"}, "has a start of 'x'"),
        ({"recording__sampling_rate": 0}, "has a sampling_rate of 0"),
        ({"recording__num_samples": -5}, "has a num_samples of -5"),
        (
            {"recording__sources": [{"type": "command", "channels": [0], "source": "rm x"}]},
            "of type 'command'",
        ),
        ({"recording__sources": [{"type": "ftp", "channels": [0], "source": "x"}]}, "of type 'ftp'"),
        ({"recording__transforms": [{"name": "Speed", "kwargs": {"factor": 1e9}}]}, "on the fly"),
        ({"type": "MixedCut"}, "is a MixedCut instead of a cut"),
        ({"recording": None}, "has no recording"),
        ({"supervisions": 7}, "supervisions that are not a list"),
    ],
)
def test_manifests_that_say_what_can_not_be(tmp_path: Path, values: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_cuts(changed(tmp_path, **values))


def test_a_line_without_end_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    bomb = tmp_path / "cuts.jsonl.gz"
    with gzip.open(bomb, "wb") as stream:
        for _ in range(64):
            stream.write(b"[" * 2**20)
    with pytest.raises(DataError, match="line 1 is longer than 8 MiB"):
        read_cuts(bomb)
    assert bomb.stat().st_size < 2**20
    nested = tmp_path / "nested.jsonl"
    nested.write_text("[" * 100_000 + "\n")
    with pytest.raises(DataError, match="not a whole cut manifest"):
        read_cuts(nested)


NOISE = """
from typing import ClassVar
from hiervox.models.base.data.feature import Feature
from hiervox.processors.audio import read_audio

class Noise(Feature):
    name = "noise"
    columns: ClassVar = ("place",)
    files: ClassVar = ("noise_file",)

    def compute(self, clip):
        return read_audio(clip.column("noise_file"))[0]
"""


def test_columns_that_a_feature_declares_are_kept(tmp_path: Path) -> None:
    for name in ("a.wav", "n.wav"):
        soundfile.write(tmp_path / name, np.zeros(1600), 16_000)
    table = tmp_path / "table.csv"
    table.write_text("audio,text,noise_file,place,mood\na.wav,Hello.,n.wav,street,glad\n")
    (plain,) = iterate_corpus(table)
    assert plain.supervisions[0].custom is None
    points = {"hiervox.features": {"noise": "noise_feature:Noise"}}
    with installed(tmp_path / "site", "noises", points, {"noise_feature.py": NOISE}):
        (cut,) = iterate_corpus(table)
        clip = Clip(cut, None)  # type: ignore[arg-type]
        assert (clip.column("place"), clip.column("mood")) == ("street", "")
        assert clip.column("noise_file") == str(tmp_path / "n.wav")
        table.write_text("audio,noise_file\na.wav,none.wav\n")
        with pytest.raises(DataError, match=r"line 2: no audio file .*none\.wav"):
            iterate_corpus(table)


def test_a_speaker_is_given_to_rows_that_name_none(tmp_path: Path) -> None:
    (tmp_path / "wavs").mkdir()
    soundfile.write(tmp_path / "wavs" / "x-1.wav", np.zeros(1600), 16_000)
    table = tmp_path / "metadata.csv"
    table.write_text("x-1|Chapter 1.|Chapter one.\n")
    assert [cut.supervisions[0].speaker for cut in iterate_corpus(table)] == ["LJ"]
    assert [cut.supervisions[0].speaker for cut in iterate_corpus(table, speaker="anna")] == ["anna"]
    table.write_text("audio,speaker\nwavs/x-1.wav,bert\n")
    assert [cut.supervisions[0].speaker for cut in iterate_corpus(table, speaker="anna")] == ["bert"]
