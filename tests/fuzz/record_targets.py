"""Readers of alignments, curves, listening tests, transcripts and what runs leave behind."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from tests.fuzz.structure import json_bytes, vary_tree
from tests.fuzz.target import Target
from tests.textgrids import TEXTGRID

SHORT_TEXTGRID = """File type = "ooTextFile"
Object class = "TextGrid"

0
0.6
<exists>
1
"IntervalTier"
"phones"
0
0.6
2
0
0.25
"h"
0.25
0.6
"aɪ"
"""
CTM = ";; of an aligner\na 1 0.00 0.30 h\na 1 0.30 0.30 aɪ 0.99\nb 1 0.0 0.6 sil\n"
CURVE = "seconds,hz\n0,120\n0.5,130.5\n1.0,0\n"
SCORE = {"key": "abc", "scores": {"wer": 0.25, "heard": "one two", "vectors": "fad"}}
KALDI = {"wav.scp": "r r.wav\n", "text": "a HELLO THERE\nb YES\n", "utt2spk": "a anna\nb anna\n"}


def record_targets(folder: Path) -> list[Target]:
    """All of them.

    Args:
        folder: for what readers need beside their file.
    """
    return [*_alignments(folder), *_listening(folder), *_transcripts(folder), *_runs(folder)]


def _alignments(folder: Path) -> list[Target]:
    from hiervox.models.base.data.alignment_files import read_ctm, read_textgrid
    from hiervox.models.base.data.kaldi import read_kaldi
    from hiervox.models.base.pipelines.pitch_curve import read_pitch_curve, stretch_pitch

    kaldi = folder / "kaldi"
    kaldi.mkdir()
    soundfile.write(kaldi / "r.wav", 0.3 * np.sin(np.arange(16_000) / 9), 16_000)
    for name, text in KALDI.items():
        (kaldi / name).write_text(text)

    def read_folder(path: Path) -> object:
        shutil.copyfile(path, kaldi / "segments")
        return read_kaldi(kaldi, "en")

    return [
        Target("TextGrid", ".TextGrid", (TEXTGRID.encode(), SHORT_TEXTGRID.encode()), read_textgrid),
        Target("CTM", ".ctm", (CTM.encode(),), read_ctm),
        Target(
            "pitch curve", ".csv", (CURVE.encode(),), lambda path: stretch_pitch(read_pitch_curve(path), 200)
        ),
        Target("Kaldi segments", ".txt", (b"a r 0.0 0.5\nb r 0.5 -1\n",), read_folder),
    ]


def _varied(tree: Any) -> Callable[[random.Random], bytes]:
    return lambda rng: json_bytes(vary_tree(tree, rng))


def _listening(folder: Path) -> list[Target]:
    from hiervox.evaluation.listening.summary import summarize_answers

    trials = {"t1": {"sentence": "1", "systems": ["x"]}, "t2": {"sentence": "1", "systems": ["y"]}}
    pairs = {"t1": {"sentence": "1", "systems": ["x", "y"]}}
    key = {"test": "abc", "kind": "mos", "trials": trials}
    paired = {"test": "abc", "kind": "ab", "trials": pairs}
    rated = {"listener": "anna", "test": "abc", "answers": [{"trial": name, "value": 4} for name in trials]}
    chosen = {"listener": "bert", "test": "abc", "answers": [{"trial": "t1", "value": "second"}]}
    place = folder / "listening"
    place.mkdir()
    keys = (place / "mos.key.json", place / "ab.key.json")
    given = (place / "mos.json", place / "ab.json")
    for file, tree in zip((*keys, *given), (key, paired, rated, chosen), strict=True):
        file.write_text(json.dumps(tree))

    def score(answers: Path, key_file: Path) -> object:
        return summarize_answers([answers], key_file, place / "out")

    def by_kind(path: Path) -> Path:
        return keys["bert" in path.read_bytes().decode("latin-1")]

    def any_key(rng: random.Random) -> bytes:
        return json_bytes(vary_tree(rng.choice((key, paired)), rng))

    def any_answers(rng: random.Random) -> bytes:
        return json_bytes(vary_tree(rng.choice((rated, chosen)), rng))

    return [
        Target(
            "key of a listening test",
            ".json",
            (keys[0].read_bytes(), keys[1].read_bytes()),
            lambda path: score(given['"ab"' in path.read_bytes().decode("latin-1")], path),
            any_key,
        ),
        Target(
            "answers of a listening test",
            ".json",
            (given[0].read_bytes(), given[1].read_bytes()),
            lambda path: score(path, by_kind(path)),
            any_answers,
        ),
    ]


def _transcripts(folder: Path) -> list[Target]:
    import hiervox
    from hiervox.evaluation.folders import pair_folders
    from tests.models.tts.hierspeechpp.tiny_bundle import voice
    from tests.models.tts.valle.tiny_valle import write_tiny_valle

    pipeline = hiervox.load(write_tiny_valle(folder / "valle_of_transcripts"), "tts", device="cpu")
    place, made = folder / "spoken", folder / "made"
    for each in (place, made):
        each.mkdir()
        soundfile.write(each / "prompt.wav", voice(1.0), 16_000)

    def beside_prompt(path: Path) -> object:
        shutil.copyfile(path, place / "prompt.txt")
        return pipeline.voice(place / "prompt.wav")

    def beside_recording(path: Path) -> object:
        shutil.copyfile(path, place / "prompt.txt")
        return pair_folders(place, made)

    texts = (b"Yes, it is.", "\ufeffGröße: 3 km.".encode())
    return [
        Target("transcript of a prompt", ".txt", texts, beside_prompt),
        Target("transcript of a recording", ".txt", texts, beside_recording),
    ]


def _runs(folder: Path) -> list[Target]:
    from hiervox.evaluation.store import ScoreStore
    from hiervox.models.base.data.features import FEATURES_NAME, read_features
    from hiervox.models.base.data.vocabulary import TEXT_NAME, read_symbols

    store = folder / "scored"
    (store / "scores" / "vectors").mkdir(parents=True)
    np.save(store / "scores" / "vectors" / "abc.fad.npy", np.zeros(4, np.float32))

    def scores(path: Path) -> object:
        shutil.copyfile(path, store / "scores" / "0.jsonl")
        with ScoreStore(store) as found:
            return found.get("abc") if "abc" in found else None

    def placed(name: str, read: Callable[[Path], object]) -> Callable[[Path], object]:
        def reader(path: Path) -> object:
            shutil.copyfile(path, folder / name)
            return read(folder)

        return reader

    symbols = {"symbols": "_ abcdefghijklmnopqrstuvwxyz"}
    features = {"sample_rate": 16000, "pad_multiple": 320, "features": {"mel": {"frames": 1}}}
    return [
        Target("scores", ".jsonl", (json_bytes(SCORE) + b"\n",), scores, _varied(SCORE)),
        Target("symbols", ".json", (json_bytes(symbols),), placed(TEXT_NAME, read_symbols), _varied(symbols)),
        Target(
            "features",
            ".json",
            (json_bytes(features),),
            placed(FEATURES_NAME, read_features),
            _varied(features),
        ),
    ]
