"""Reading and mapping published checkpoints."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils import parametrizations

from hiervox.models.base.checkpoints.importing import map_tensors, read_published
from hiervox.utils.errors import CheckpointError

TENSORS = {"a.weight": torch.ones(2), "b": torch.zeros(1)}


@pytest.mark.parametrize(
    "tree",
    [
        TENSORS,
        {"model": TENSORS, "optimizer": {"state": {}}, "iteration": 3},
        {f"module.{name}": tensor for name, tensor in TENSORS.items()},
    ],
)
def test_torch_files_are_read_bare_wrapped_and_data_parallel(tmp_path: Path, tree: dict[str, object]) -> None:
    torch.save(tree, tmp_path / "weights.pth")
    tensors = read_published(tmp_path / "weights.pth")
    assert tensors.keys() == TENSORS.keys()
    assert torch.equal(tensors["a.weight"], TENSORS["a.weight"])


def test_safetensors_are_read(tmp_path: Path) -> None:
    save_file(TENSORS, tmp_path / "weights.safetensors")
    assert read_published(tmp_path / "weights.safetensors").keys() == TENSORS.keys()


class Unsafe:
    """Something that only a full unpickling could bring back."""


@pytest.mark.parametrize("tree", [{}, [1, 2], {"epoch": 3}, {"model": {"net": Unsafe()}}])
def test_anything_but_tensors_is_refused(tmp_path: Path, tree: object) -> None:
    torch.save(tree, tmp_path / "weights.pth")
    with pytest.raises(CheckpointError, match=r"weights\.pth"):
        read_published(tmp_path / "weights.pth")


@pytest.mark.parametrize("name", ["weights.pth", "weights.safetensors"])
def test_missing_and_broken_files_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CheckpointError, match="no checkpoint"):
        read_published(tmp_path / name)
    (tmp_path / name).write_bytes(b"\x80\x02 not a checkpoint")
    with pytest.raises(CheckpointError, match="is not a"):
        read_published(tmp_path / name)


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.input = parametrizations.weight_norm(nn.Conv1d(2, 3, 1))
        self.output = nn.Linear(3, 1, bias=False)


OLD = {
    "pre.bias": torch.zeros(3),
    "pre.weight_g": torch.ones(3, 1, 1),
    "pre.weight_v": torch.ones(3, 2, 1),
    "post.weight": torch.ones(1, 3, dtype=torch.float16),
}
RULES = ((r"^pre\.", "input."), (r"^post\.", "output."))


def test_names_are_mapped_from_the_old_weight_norm_and_to_the_networks_precision() -> None:
    network = Network()
    tensors = map_tensors({**OLD, "pre.extra": torch.zeros(1)}, RULES, network, ignored=r"\.extra$")
    network.load_state_dict(tensors)
    torch.testing.assert_close(network.input.weight, torch.full((3, 2, 1), 2**-0.5))
    assert tensors["output.weight"].dtype == torch.float32


def test_the_new_weight_norm_passes_as_it_is() -> None:
    network = Network()
    tensors = map_tensors(network.state_dict(), (), network)
    assert tensors.keys() == network.state_dict().keys()


def test_missing_surplus_and_misshapen_tensors_are_named() -> None:
    published = {**OLD, "pre.bias": torch.zeros(4), "odd": torch.zeros(1)}
    del published["post.weight"]
    with pytest.raises(CheckpointError) as caught:
        map_tensors(published, RULES, Network())
    message = str(caught.value)
    assert "pre.bias is (4,) instead of (3,)" in message
    assert "surplus odd" in message
    assert "missing output.weight" in message
    assert "missing input.bias" not in message


def test_long_lists_of_faults_are_cut() -> None:
    published = {**OLD, **{f"odd{i}": torch.zeros(1) for i in range(12)}}
    with pytest.raises(CheckpointError, match="and 4 more"):
        map_tensors(published, RULES, Network())
