from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from hiervox.processors.semantic.ctranslate2_file import read_ctranslate2
from hiervox.utils.errors import CheckpointError

TYPES = {"float32": 0, "int8": 1, "int16": 2, "float16": 4}


def write_model(path: Path, variables: dict[str, np.ndarray], version: int = 6) -> Path:
    """A `model.bin` as CTranslate2's converter writes it."""

    def string(text: str) -> bytes:
        return struct.pack("<H", len(text) + 1) + text.encode() + b"\0"

    content = struct.pack("<I", version) + string("WhisperSpec") + struct.pack("<II", 3, len(variables))
    for name, value in variables.items():
        content += string(name) + struct.pack(f"<B{value.ndim}I", value.ndim, *value.shape)
        content += struct.pack("<BI", TYPES[value.dtype.name], value.nbytes) + value.tobytes()
    path.write_bytes(content + struct.pack("<I", 0))
    return path


def test_reads_what_has_the_prefix_as_float32(tmp_path: Path) -> None:
    weight = np.arange(6, dtype=np.float16).reshape(2, 3)
    path = write_model(
        tmp_path / "model.bin",
        {"decoder/weight": weight, "encoder/heads": np.int16(6).reshape(()), "encoder/weight": weight},
    )
    variables = read_ctranslate2([path], "encoder/")
    assert set(variables) == {"encoder/heads", "encoder/weight"}
    assert int(variables["encoder/heads"]) == 6
    assert variables["encoder/weight"].dtype == torch.float32
    assert variables["encoder/weight"].tolist() == weight.tolist()


@pytest.mark.parametrize("shape", [(4, 6), (4, 2, 3)])
def test_int8_weights_are_multiplied_out(tmp_path: Path, shape: tuple[int, ...]) -> None:
    original = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    rows = original.reshape(shape[0], -1)
    scale = (127.0 / np.abs(rows).max(axis=1)).astype(np.float32)
    quantised = np.rint(rows * scale[:, None]).astype(np.int8).reshape(shape)
    path = write_model(tmp_path / "model.bin", {"a/weight": quantised, "a/weight_scale": scale})
    variables = read_ctranslate2([path], "a/")
    assert list(variables) == ["a/weight"]
    # half a step of the coarsest row
    assert np.abs(variables["a/weight"].numpy() - original).max() <= 0.5 / scale.min() + 1e-6


def test_int16_weights_have_one_scale(tmp_path: Path) -> None:
    quantised = np.array([[1024, -512]], dtype=np.int16)
    path = write_model(
        tmp_path / "model.bin", {"a/weight": quantised, "a/weight_scale": np.float32(512).reshape(())}
    )
    assert read_ctranslate2([path], "a/")["a/weight"].tolist() == [[2.0, -1.0]]


@pytest.mark.parametrize("kept", [0, 3, 30, 60])
def test_a_truncated_file(tmp_path: Path, kept: int) -> None:
    path = write_model(tmp_path / "model.bin", {"encoder/weight": np.zeros((8, 8), dtype=np.float32)})
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(CheckpointError, match="not a whole CTranslate2 model"):
        read_ctranslate2([path], "encoder/")


def test_another_version_and_a_missing_file(tmp_path: Path) -> None:
    path = write_model(tmp_path / "model.bin", {}, version=5)
    with pytest.raises(CheckpointError, match="binary version 5"):
        read_ctranslate2([path], "encoder/")
    with pytest.raises(CheckpointError, match="not a whole CTranslate2 model"):
        read_ctranslate2([tmp_path / "none.bin"], "encoder/")
