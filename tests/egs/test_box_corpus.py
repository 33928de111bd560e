"""The box recipe's corpus builder, with a stand-in for Kokoro."""

from __future__ import annotations

import csv
import importlib
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from hiervox.models.base.data.corpus import iterate_corpus
from hiervox.processors.audio import Waveform, read_audio
from hiervox.utils.errors import DataError
from tests.conftest import REPOSITORY

LOCAL = REPOSITORY / "egs" / "datasets" / "kokoro"
SENTENCES = [f"The {word} ship sails to the island." for word in ("red", "old", "tall", "slow", "small")]
NAMES = ["af_a", "am_b", "bf_c", "bm_d", "zf_e", "zm_f", "jf_g"]


@pytest.fixture(scope="module", autouse=True)
def _local_modules() -> object:
    sys.path.insert(0, str(LOCAL))
    yield
    sys.path.remove(str(LOCAL))


@pytest.fixture
def corpora() -> ModuleType:
    return importlib.import_module("make_corpus")


@pytest.fixture
def voices() -> dict[str, np.ndarray]:
    return {name: np.full((4, 256), number, np.float32) for number, name in enumerate(NAMES)}


class Tone:
    """Half a second of quiet, then as much tone as the IPA is long."""

    def __init__(self, seconds_of_symbol: float = 0.1) -> None:
        self.seconds_of_symbol = seconds_of_symbol
        self.spoken = 0

    def speak(self, ipa: str, voice: np.ndarray, speed: float) -> Waveform:
        self.spoken += 1
        time = np.arange(int(24_000 * len(ipa) * self.seconds_of_symbol)) / 24_000
        tone = 0.3 * np.sin(2 * np.pi * (200 + 20 * voice[0, 0]) * time)
        return np.pad(tone, 12_000).astype(np.float32)


def _table(folder: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text("utf-8").splitlines()]


def test_a_corpus_goes_on_and_prepare_reads_it(corpora: ModuleType, voices: dict, tmp_path: Path) -> None:
    plan = corpora.Plan(SENTENCES, NAMES[:4], seed=1)
    corpora.make(corpora.Corpus(tmp_path / "whole", plan), Tone(), voices, seconds=20)
    corpora.make(corpora.Corpus(tmp_path / "halves", plan), Tone(), voices, seconds=10)
    with (tmp_path / "halves" / "rows" / "0-of-1.jsonl").open("a") as stream:
        stream.write('{"number": 3, "te')  # killed while writing
    again = Tone()
    corpora.make(corpora.Corpus(tmp_path / "halves", plan), again, voices, seconds=20)
    assert 0 < again.spoken < len(_table(tmp_path / "whole"))
    assert _table(tmp_path / "halves") == _table(tmp_path / "whole")
    cuts = list(iterate_corpus(tmp_path / "halves" / "manifest.jsonl", "de"))
    assert sum(cut.duration for cut in cuts) >= 20
    supervision = cuts[0].supervisions[0]
    assert supervision.text in SENTENCES and supervision.language == "en-us"
    assert "ʃˈɪp" in _table(tmp_path / "halves")[0]["ipa"]


def test_shards_make_what_one_process_makes(corpora: ModuleType, voices: dict, tmp_path: Path) -> None:
    plan = corpora.Plan(SENTENCES, NAMES[:4], seed=1)
    corpora.make(corpora.Corpus(tmp_path / "one", plan), Tone(), voices, seconds=30)
    for shard in range(2):
        corpora.make(corpora.Corpus(tmp_path / "two", plan, (shard, 2)), Tone(), voices, seconds=20)
    one, two = _table(tmp_path / "one"), _table(tmp_path / "two")
    assert all(row in two for row in one)


def test_other_sentences_are_refused(corpora: ModuleType, tmp_path: Path) -> None:
    corpora.Corpus(tmp_path, corpora.Plan(SENTENCES, NAMES, seed=1))
    for plan in (corpora.Plan(SENTENCES[1:], NAMES, seed=1), corpora.Plan(SENTENCES, NAMES, seed=2)):
        with pytest.raises(DataError, match="other texts, voices or seed"):
            corpora.Corpus(tmp_path, plan)


def test_what_is_misheard_or_too_long_is_discarded(corpora: ModuleType, voices: dict, tmp_path: Path) -> None:
    plan = corpora.Plan(SENTENCES, NAMES[:4], seed=1)
    corpus = corpora.Corpus(tmp_path / "misheard", plan)
    corpora.make(corpus, Tone(), voices, 25, error_rate=lambda text, wav: 0.3 * ("slow" in text))
    assert not any("slow" in row["text"] for row in _table(tmp_path / "misheard"))
    assert any("misheard" in row.get("discarded", "") for row in corpus.rows())
    endless = corpora.Corpus(tmp_path / "long", corpora.Plan(SENTENCES, NAMES[:1], 1, in_order=True))
    corpora.make(endless, Tone(1.0), voices, 9)
    assert len(endless.rows()) == len(SENTENCES) and not _table(tmp_path / "long")


def test_speech_is_trimmed_and_level(corpora: ModuleType, voices: dict, tmp_path: Path) -> None:
    plan = corpora.Plan(SENTENCES, NAMES[:1], seed=1, in_order=True)
    corpora.make(corpora.Corpus(tmp_path, plan), Tone(), voices, 4, suffix=".flac")
    wav, rate = read_audio(tmp_path / _table(tmp_path)[0]["audio"])
    loud = np.flatnonzero(np.abs(wav) > 0.01)
    assert (rate, np.abs(wav).max()) == (24_000, pytest.approx(0.7, abs=0.001))
    assert loud[0] / rate == pytest.approx(0.05, abs=0.002)
    assert (wav.size - loud[-1]) / rate == pytest.approx(0.1, abs=0.002)


def test_every_sentence_and_voice_has_its_turn(corpora: ModuleType) -> None:
    plan = corpora.Plan(SENTENCES, NAMES, seed=5)
    first = [plan.utterance(number) for number in range(35)]
    for lap in range(0, 35, 5):
        assert {text for text, _, _ in first[lap : lap + 5]} == set(SENTENCES)
    for lap in range(0, 35, 7):
        assert {name for _, name, _ in first[lap : lap + 7]} == set(NAMES)
    assert all(0.9 <= speed <= 1.15 for _, _, speed in first)
    assert first == [corpora.Plan(SENTENCES, NAMES, seed=5).utterance(number) for number in range(35)]
    assert first != [corpora.Plan(SENTENCES, NAMES, seed=6).utterance(number) for number in range(35)]


def test_books_and_lists_become_sentences(tmp_path: Path) -> None:
    read = importlib.import_module("sentences").read_sentences
    book = tmp_path / "book.txt"
    book.write_text(
        "Licence.\n*** START OF THE BOOK ***\n\nCHAPTER I. THE HOUSE\n\n"
        "“I saw Mr. Jones on the stairs last night,”\nhe said. "
        "Was he alone, or was the dog with him then?\n\n"
        "It was 1881 when the old house burned down.\n\nThe garden was quiet, and nobody came\n\n"
        "*** END OF THE BOOK ***\nThis sentence belongs to the licence of it all.\n",
        encoding="utf-8",
    )
    table = tmp_path / "metadata.csv"
    table.write_text("LJ-1|In 1900 they|In nineteen hundred they came home,\nLJ-2|Too short|Too short\n")
    kept_out = tmp_path / "list.txt"
    kept_out.write_text("was he alone or was the dog with him then\n")
    spoken = "I saw Mr. Jones on the stairs last night, he said."
    assert read([book]) == [spoken, "Was he alone, or was the dog with him then?"]
    assert read([table, book], [kept_out]) == ["In nineteen hundred they came home,", spoken]
    assert len(read([LOCAL / "heldout_sentences.txt"])) == 50
    listed = tmp_path / "listed.csv"
    listed.write_text('text\n"In nineteen hundred they came home,"\n')
    with pytest.raises(DataError, match="no sentence"):
        read([table], [listed])


def test_held_out_voices_are_not_heard(voices: dict) -> None:
    module = importlib.import_module("voices")
    held_out = ["mix_af_a_jf_g_40", "mix001_am_b_bm_d_50"]
    names = module.training_voices(NAMES, 8, held_out, np.random.default_rng(0))
    assert names[:4] == NAMES[:4] and len(set(names)) == 8
    assert not any("jf_g" in name or {"am_b", "bm_d"} <= {name[4:8], name[9:13]} for name in names)
    with pytest.raises(DataError, match="fewer than 10"):
        module.training_voices(NAMES, 10, held_out, np.random.default_rng(0))
    assert module.voice_of("mix_af_a_bf_c_25", voices)[0, 0] == pytest.approx(0.75 * 2)
    assert module.voice_of("mix_bf_c_af_a_130", voices)[0, 0] == pytest.approx(1.3 * 2)
    beyond = module.training_voices(NAMES, 8, held_out, np.random.default_rng(0), beyond=1.0)
    assert all(int(name.rsplit("_", 1)[1]) >= 115 for name in beyond if name.startswith("mix_"))
    with pytest.raises(DataError, match="did you mean 'af_a'"):
        module.voice_of("af_aa", voices)


def test_the_held_out_list_is_whole() -> None:
    sentences = (LOCAL / "heldout_sentences.txt").read_text(encoding="utf-8").splitlines()
    names = (LOCAL / "heldout_voices.txt").read_text(encoding="utf-8").split()
    assert len(set(sentences)) == 50 and len(names) == 5
    with (LOCAL / "test_list.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["text"] for row in rows] == sentences
    for number, row in enumerate(rows):
        assert row["id"] == f"{names[number % 5]}_{number:06d}"
        # The prompt is another sentence in the same voice.
        assert row["prompt"] == f"{names[number % 5]}_{(number + 5) % 50:06d}"


def test_kokoro_gets_its_own_symbols() -> None:
    misaki = importlib.import_module("kokoro").misaki
    assert misaki("ðə bˈɜːd sˈɪŋz ˈoʊvɚ ðə dʒˈeɪl tʃˈaɪm") == "ðə bˈɜɹd sˈɪŋz ˈOvəɹ ðə ʤˈAl ʧˈIm"


def test_float_weights_compute_the_same(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="needs onnx, of the extra `corpus`")
    onnxruntime = pytest.importorskip("onnxruntime")
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(0)
    stored = {
        "w": rng.integers(-100, 100, (6, 3), np.int8),
        "w_zero": np.zeros(3, np.int8),
        "w_scale": np.array([0.01, 0.02, 0.03], np.float32),
    }
    nodes = [
        helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "scale", "zero"]),
        helper.make_node("MatMulInteger", ["q", "w", "zero", "w_zero"], ["whole"]),
        helper.make_node("Cast", ["whole"], ["cast"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["scale", "w_scale"], ["scales"]),
        helper.make_node("Mul", ["cast", "scales"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "product",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 6])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [2, 3])],
        [numpy_helper.from_array(array, name) for name, array in stored.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "int8.onnx")
    importlib.import_module("kokoro").to_float(tmp_path / "int8.onnx", tmp_path / "float.onnx")
    x = rng.normal(size=(2, 6)).astype(np.float32)
    ours = onnxruntime.InferenceSession(tmp_path / "float.onnx", providers=["CPUExecutionProvider"]).run(
        None, {"x": x}
    )[0]
    np.testing.assert_allclose(ours, x @ (stored["w"] * stored["w_scale"]), rtol=1e-5)
    assert {node.op_type for node in onnx.load(tmp_path / "float.onnx").graph.node} == {"MatMul"}
