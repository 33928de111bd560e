"""Checkpoints that would take all memory, that hold other kinds of numbers, or that a full disk cut short."""

from __future__ import annotations

import errno
import json
import pickle
import resource
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from hiervox.models.base.checkpoints.building import bounded_building
from hiervox.models.base.checkpoints.checkpoint import load_network
from hiervox.models.base.checkpoints.importing import read_published
from hiervox.models.base.checkpoints.tensor_files import load_weights, read_headers, save_tensors
from hiervox.utils.errors import CheckpointError, HierVoxError
from tests.models.tts.hierspeechpp.tiny_bundle import write_tiny_bundle

PARTS = ("text_to_vec", "synthesizer", "speechsr24")
SIZES = (0, -1, 3, 999_983, 10**7, 10**9)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_bundle(tmp_path_factory.mktemp("models") / "bundle")


def integers(tree: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from integers(value, (*above, key))
        elif isinstance(value, int) and not isinstance(value, bool):
            yield (*above, key)


@pytest.mark.parametrize("part", PARTS)
def test_no_size_in_a_config_takes_the_machine_down(bundle: Path, tmp_path: Path, part: str) -> None:
    tree = json.loads((bundle / part / "config.json").read_text())
    (tmp_path / "model.safetensors").symlink_to(bundle / part / "model.safetensors")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number, place in enumerate(integers(tree["model"])):
        for size in SIZES[number % 3 :: 3]:  # each size for every third integer
            changed = json.loads(json.dumps(tree))
            section = changed["model"]
            for key in place[:-1]:
                section = section[key]
            section[place[-1]] = size
            (tmp_path / "config.json").write_text(json.dumps(changed))
            try:
                load_network(tmp_path)
            except HierVoxError as error:
                assert len(str(error)) < 1500
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2**20  # KiB


def test_layers_without_end_and_shapes_without_memory_are_refused() -> None:
    with (
        pytest.raises(CheckpointError, match=r"sizes of it \(it would have more than 100000 layers\)"),
        bounded_building("it"),
    ):
        nn.ModuleList(nn.Identity() for _ in range(10**9))
    with pytest.raises(CheckpointError, match=r"more than 2 M weights"), bounded_building("it", 2_000_000):
        nn.Linear(50_000, 50_000)
    with pytest.raises(CheckpointError, match="sizes of it"), bounded_building("it"):
        nn.Linear(10**9, 10**9)
    nn.ModuleList(nn.Identity() for _ in range(3))  # the bounds end with the block


def test_integers_are_no_weights(bundle: Path, tmp_path: Path) -> None:
    tensors = load_file(bundle / "speechsr24" / "model.safetensors")
    (tmp_path / "config.json").write_text((bundle / "speechsr24" / "config.json").read_text())
    name = max(tensors)
    save_file(
        {**tensors, name: torch.zeros(tensors[name].shape, dtype=torch.int32)}, tmp_path / "model.safetensors"
    )
    with pytest.raises(CheckpointError, match=rf"{name} is \(.*\) of integers instead of \("):
        load_network(tmp_path)


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16, torch.float64, torch.float8_e4m3fn])
def test_other_precisions_are_loaded_as_float32(bundle: Path, tmp_path: Path, kind: torch.dtype) -> None:
    tensors = load_file(bundle / "speechsr24" / "model.safetensors")
    (tmp_path / "config.json").write_text((bundle / "speechsr24" / "config.json").read_text())
    save_tensors(tmp_path / "model.safetensors", {name: tensor.to(kind) for name, tensor in tensors.items()})
    network, _ = load_network(tmp_path)
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}
    published = read_published(tmp_path / "model.safetensors")
    assert published.keys() == tensors.keys()
    broken = {**tensors, "x": torch.tensor([torch.nan]).to(kind)}
    save_tensors(tmp_path / "model.safetensors", broken)
    with pytest.raises(CheckpointError, match=r"tensor x of .* is not finite"):
        load_weights(tmp_path / "model.safetensors")


def test_headers_are_read_without_the_tensors(tmp_path: Path) -> None:
    save_tensors(tmp_path / "a.safetensors", {"b": torch.zeros(2, 3), "i": torch.zeros(4, dtype=torch.int8)})
    headers = read_headers(tmp_path / "a.safetensors")
    assert {name: (header.shape, header.is_float) for name, header in headers.items()} == {
        "b": ((2, 3), True),
        "i": ((4,), False),
    }


def _malformed(folder: Path) -> Iterator[Path]:
    whole = folder / "whole.pth"
    torch.save({"model": {"a.weight": torch.zeros(300)}}, whole)
    content = whole.read_bytes()
    for number, start in enumerate(range(40, len(content) - 8, len(content) // 60)):
        path = folder / f"changed_{number}.pth"
        path.write_bytes(content[:start] + b"\xff\x00\x7f(\x80" + content[start + 5 :])
        yield path
    for number, code in enumerate(
        (b"\x80\x04.", b"\x80\x02}q\x00(X", b"(lp0\n.", b"cos\nsystem\n.", b"\x80\x02]r.")
    ):
        path = folder / f"pickle_{number}.pth"
        path.write_bytes(code)
        yield path
    with zipfile.ZipFile(folder / "zip.pth", "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps([1]))
    yield folder / "zip.pth"
    torch.save({1: torch.zeros(3), 2: torch.zeros(3)}, folder / "numbers.pth")
    yield folder / "numbers.pth"
    torch.save({"model": {"state": [1, 2]}}, folder / "lists.pth")
    yield folder / "lists.pth"


def test_malformed_pickles_are_one_line(tmp_path: Path) -> None:
    refused = 0
    for path in _malformed(tmp_path):
        try:
            read_published(path)
        except CheckpointError as error:
            refused += 1
            assert str(error).startswith(str(path)) and len(str(error)) < 500
    assert refused > 20


def test_a_disk_that_fills_up_is_said_of_the_file(tmp_path: Path) -> None:
    script = (
        "import resource, signal, torch, pathlib\n"
        "from hiervox.models.base.checkpoints.tensor_files import save_tensors\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try:\n    save_tensors(pathlib.Path('a.safetensors'), {'a': torch.zeros(100_000)})\n"
        "except OSError as error:\n    print(error.errno, error.filename)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{errno.EFBIG} a.safetensors\n"
