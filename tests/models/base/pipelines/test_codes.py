"""Tests of `hiervox.models.base.pipelines.codes`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from hiervox.models.base.pipelines.codes import CodesRecord, read_codes, write_codes
from hiervox.utils.errors import DataError

RECORD = CodesRecord(system="toy", rate=24_000, frame_rate=75, codebook_size=1024)


def test_codes_come_back_in_two_bytes_each(tmp_path: Path) -> None:
    codes = np.random.default_rng(0).integers(0, 1024, (8, 75))
    write_codes(tmp_path / "a.codes", codes, RECORD)
    read, record, extras = read_codes(tmp_path / "a.codes")
    np.testing.assert_array_equal(read, codes)
    assert record == RECORD and not extras
    assert (tmp_path / "a.codes").stat().st_size < 2 * codes.size + 500


def test_broken_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.codes").write_text("codes")
    header = {"codes": RECORD.model_dump_json()}
    save_file({"codes": np.full((2, 3), 1024, np.int64)}, tmp_path / "beyond.codes", header)
    save_file({"codes": np.zeros((2, 3), np.int64)}, tmp_path / "bare.codes")
    for name, message in (
        ("absent", "no file of codes"),
        ("text", "is not a file of codes"),
        ("bare", "is not a file of codes"),
        ("beyond", "holds no usable codes"),
    ):
        with pytest.raises(DataError, match=message):
            read_codes(tmp_path / f"{name}.codes")


def test_codes_that_are_no_integers_are_refused(tmp_path) -> None:
    record = CodesRecord(system="x", rate=24000, frame_rate=75, codebook_size=1024)
    codes = np.array([[1.0, 2.7]])
    with pytest.raises(DataError, match="codes of float64 can't be used"):
        write_codes(tmp_path / "x.codes", codes, record)
    save_file({"codes": codes}, tmp_path / "x.codes", {"codes": record.model_dump_json()})
    with pytest.raises(DataError, match=r"x\.codes: codes of float64 can't be used"):
        read_codes(tmp_path / "x.codes")


def test_vectors_beside_the_codes(tmp_path: Path) -> None:
    codes, timbre = np.zeros((2, 3), np.int64), np.linspace(-1, 1, 4, dtype=np.float32)
    write_codes(tmp_path / "a.codes", codes, RECORD, {"timbre": timbre})
    np.testing.assert_array_equal(read_codes(tmp_path / "a.codes")[2]["timbre"], timbre)
    write_codes(tmp_path / "b.codes", codes, RECORD, {"timbre": np.full(4, np.nan, np.float32)})
    with pytest.raises(DataError, match="no usable timbre"):
        read_codes(tmp_path / "b.codes")
