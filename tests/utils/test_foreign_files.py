"""Files of any origin are read by `utils/json_files.py` and `array_files.py`, or by who is named here."""

from __future__ import annotations

import ast
import json
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from hiervox.utils.array_files import read_array, read_arrays
from hiervox.utils.json_files import parse_json
from tests.conftest import REPOSITORY

ROOMS = ("bins", "evaluation", "models", "modules", "processors", "utils")
READERS = {
    "json.load",
    "json.loads",
    "np.load",
    "safe_open",
    "load_file",
    "torch.load",
    "soundfile.read",
    "soundfile.info",
    "soundfile.SoundFile",
}
ALLOWED = {
    "utils/json_files.py": {"json.loads"},
    "utils/array_files.py": {"np.load", "safe_open"},
    "models/base/checkpoints/tensor_files.py": {"safe_open"},  # weights: on a device, in any type of torch
    "models/base/checkpoints/importing.py": {"torch.load"},  # authors' files, `weights_only`
    "evaluation/pretrained.py": {"torch.load"},  # pinned files of metrics
    "processors/semantic/bottleneck.py": {"load_file"},
    "models/base/data/manifest.py": {"json.loads"},  # a line a cut: it refuses whatever the parser raises
    "models/base/data/waveform.py": {"soundfile.read"},  # a window of a recording
    "models/base/data/corpus.py": {"soundfile.info"},
    "processors/audio_writing.py": {"soundfile.SoundFile"},  # writes
    # what the toolkit itself has written a moment ago
    "models/base/data/index.py": {"np.load", "json.loads"},
    "models/base/data/splits.py": {"np.load"},
    "models/base/data/shard_cache.py": {"json.loads"},
    "models/base/data/shard_encoding.py": {"soundfile.SoundFile"},
    "models/base/data/shard_members.py": {"np.load", "soundfile.read"},  # once their checksum was right
    "models/base/data/sharding.py": {"np.load", "json.loads"},
    "models/base/data/shards.py": {"np.load", "json.loads"},
    "models/base/training/run_folder.py": {"json.loads"},
    "models/enhancement/mp_senet/workloads.py": {"json.loads"},
    "evaluation/sentences.py": {"json.loads"},
    "evaluation/store.py": {"np.load"},
}


def _reads(source: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and (name := ast.unparse(node.func)) in READERS:
            copied = node.args and ast.unparse(node.args[0]).startswith("json.dumps(")
            found |= set() if copied else {name}
    return found


def test_a_planted_reader_is_found() -> None:
    assert _reads("import json\njson.loads(text)\njson.loads(json.dumps(tree))") == {"json.loads"}
    assert _reads("np.load(path)") == {"np.load"}


def test_no_other_module_reads_files_of_its_own() -> None:
    found = {}
    for room in ROOMS:
        for file in sorted((REPOSITORY / room).rglob("*.py")):
            if "templates" not in file.parts and (reads := _reads(file.read_text(encoding="utf-8"))):
                found[file.relative_to(REPOSITORY).as_posix()] = reads
    assert found == ALLOWED


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 5_000, b"\xff", "{", '{"a": 1, "a": 2}'])
def test_json_of_any_kind_is_refused_in_words(text: str | bytes) -> None:
    with pytest.raises(ValueError):
        parse_json(text)


def _header(text: str) -> bytes:
    body = text.encode("latin-1") + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(body)) + body


@pytest.mark.parametrize(
    "content",
    [
        np.array(["a", "b"]),
        np.array(["2020-01-01"], "datetime64[D]"),
        np.zeros(3, [("a", "<f4"), ("b", "<i4")]),
        np.array([{}], object),
        b"",
        b"no array",
        _header("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,)}"),
        _header("{'descr': '<f4', 'fortran_order': False, 'shape': (-4,)}"),
        _header("{'descr': [" * 3000),
        _header("{" * 30_000),
        _header("{'descr': ('<f4', ), 'fortran_order': False, 'shape': (1,)}"),
        _header("('" * 50),
    ],
)
def test_arrays_of_anything_but_numbers_are_refused_in_words(tmp_path: Path, content: object) -> None:
    path = tmp_path / "a.npy"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.save(path, content, allow_pickle=True)
    with pytest.raises(ValueError):
        read_array(path)


def test_an_array_of_numbers_is_read_whole(tmp_path: Path) -> None:
    given = np.arange(12, dtype=np.float32).reshape(3, 4)
    np.save(tmp_path / "a.npy", np.asfortranarray(given))
    assert np.array_equal(read_array(tmp_path / "a.npy"), given)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2])
def test_types_that_numpy_lacks_are_named(tmp_path: Path, dtype: torch.dtype) -> None:
    save_file({"mel": torch.zeros(2, 3).to(dtype)}, tmp_path / "a.safetensors")
    with pytest.raises(ValueError, match=r"mel is of .*float32"):
        read_arrays(tmp_path / "a.safetensors")


def test_a_deep_header_of_safetensors_is_refused(tmp_path: Path) -> None:
    body = b'{"a":' * 5000
    (tmp_path / "a.safetensors").write_bytes(struct.pack("<Q", len(body)) + body)
    with pytest.raises(ValueError):
        read_arrays(tmp_path / "a.safetensors")


@pytest.mark.parametrize("name", ["mel.safetensors", "mel.npy"])
def test_a_file_of_mels_is_refused_with_its_reason(tmp_path: Path, name: str) -> None:
    from hiervox.models.base.pipelines.mel_file import read_mel
    from hiervox.utils.errors import DataError

    save_file({"mel": torch.zeros(2, 3).bfloat16()}, tmp_path / "mel.safetensors", {"mel": "{}"})
    np.save(tmp_path / "mel.npy", np.array(["a"]))
    with pytest.raises(DataError, match=r"float32|not numbers"):
        read_mel(tmp_path / name)


@pytest.mark.parametrize("made_of", [{"prompts": "x"}, {"voices": {"a": "b"}}, {"prompts": [1]}])
def test_a_voice_made_of_nothing_sensible_is_refused(tmp_path: Path, made_of: dict[str, object]) -> None:
    from hiervox.models.base.pipelines.voice_store import read_record
    from hiervox.utils.errors import CheckpointError

    header = json.dumps({"model": "m", "peak": 1.0, "made_of": made_of})
    save_file({"style": torch.zeros(2, 1)}, tmp_path / "a.safetensors", {"voice": header})
    with pytest.raises(CheckpointError, match="not a voice"):
        read_record(tmp_path / "a.safetensors")


@pytest.mark.parametrize(
    "trials", [{"a": 1}, {"a": {}}, {"a": {"sentence": "s", "systems": "ab"}}, {"a": {"sentence": 1}}, [1]]
)
def test_a_malformed_key_of_a_listening_test_is_refused(tmp_path: Path, trials: object) -> None:
    from hiervox.evaluation.listening.answers import read_answers
    from hiervox.utils.errors import DataError

    key, answer = tmp_path / "key.json", tmp_path / "answer.json"
    key.write_text(json.dumps({"test": "t", "kind": "mos", "trials": trials}))
    answer.write_text(json.dumps({"test": "t", "listener": "l", "answers": [{"trial": "a", "value": 3}]}))
    with pytest.raises(DataError, match="not the key"):
        read_answers([answer], key)
