from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from hiervox.models.base.checkpoints.checkpoint import load_network
from hiervox.models.base.checkpoints.conversion import convert_published
from hiervox.models.base.checkpoints.importing import map_tensors
from hiervox.models.base.registry import SYSTEMS
from hiervox.utils.errors import CheckpointError, ConfigError
from tests.models.base import toy

WIDTH = 5


def import_toy(
    state_dict: dict[str, Tensor], published_config: dict[str, Any]
) -> tuple[toy.ToyModelConfig, dict[str, Tensor]]:
    config = toy.ToyModelConfig(width=published_config["hidden"])
    return config, map_tensors(state_dict, ((r"^net\.", "layers."),), toy.ToyGenerator(config))


def card_with(importer: str | None) -> None:
    part = replace(toy.CARD.parts[0], importer=importer)
    if "toy" in SYSTEMS:
        SYSTEMS.remove("toy")
    SYSTEMS.add(replace(toy.CARD, parts=(part,)))


@pytest.fixture(autouse=True)
def toy_system() -> Iterator[None]:
    card_with("tests.models.base.checkpoints.test_conversion:import_toy")
    yield
    SYSTEMS.remove("toy")


@pytest.fixture
def published(tmp_path: Path) -> tuple[Path, Path]:
    """The authors' checkpoint and config."""
    torch.manual_seed(0)
    network = toy.ToyGenerator(toy.ToyModelConfig(width=WIDTH))
    tensors = {name.replace("layers.", "net."): value for name, value in network.state_dict().items()}
    torch.save({"model": tensors, "iteration": 3, "learning_rate": 0.1}, tmp_path / "G_3.pth")
    (tmp_path / "config.json").write_text(json.dumps({"hidden": WIDTH, "train": {"epochs": 1}}))
    return tmp_path / "G_3.pth", tmp_path / "config.json"


def test_a_converted_checkpoint_holds_the_published_weights(
    published: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "deep" / "converted"
    weights = convert_published("toy", "toy", *published, out)
    network, experiment = load_network(out)
    tensors = torch.load(published[0], weights_only=True)["model"]
    assert weights == sum(tensor.numel() for tensor in tensors.values())
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, tensors[name.replace("layers.", "net.")])
    assert (experiment.system, experiment.part) == ("toy", "toy")
    assert {path.name for path in out.iterdir()} == {"config.json", "model.safetensors"}
    assert json.loads((out / "config.json").read_text())["model"] == {"width": WIDTH}


def test_a_checkpoint_that_is_there_stays(published: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "converted"
    convert_published("toy", "toy", *published, out)
    (out / "config.json").touch()
    with pytest.raises(ConfigError, match="--overwrite"):
        convert_published("toy", "toy", *published, out)
    convert_published("toy", "toy", *published, out, overwrite=True)


def test_a_link_to_a_folder_stays_and_the_folder_is_replaced(
    published: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    for overwrite in (False, True):
        convert_published("toy", "toy", *published, tmp_path / "link", overwrite=overwrite)
        assert (tmp_path / "link").is_symlink() and (tmp_path / "real" / "model.safetensors").is_file()


def test_no_other_folder_is_overwritten(published: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"holds .*, which is read"):
        convert_published("toy", "toy", *published, tmp_path, overwrite=True)
    assert published[0].is_file()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("mine")
    with pytest.raises(CheckpointError, match="is not a converted checkpoint"):
        convert_published("toy", "toy", *published, tmp_path / "other", overwrite=True)
    assert (tmp_path / "other" / "notes.txt").is_file()


def test_tensors_that_do_not_fit_are_listed_and_nothing_is_written(
    published: tuple[Path, Path], tmp_path: Path
) -> None:
    tensors = torch.load(published[0], weights_only=True)["model"]
    tensors["net.0.weight"] = torch.zeros(2, 2)
    tensors["stranger"] = tensors.pop("net.0.bias")
    torch.save({"model": tensors}, published[0])
    with pytest.raises(CheckpointError) as caught:
        convert_published("toy", "toy", *published, tmp_path / "converted")
    for fault in ("net.0.weight is (2, 2) instead of (5, 4)", "surplus stranger", "missing layers.0.bias"):
        assert fault in str(caught.value)
    assert {path.name for path in tmp_path.iterdir()} == {"G_3.pth", "config.json"}


def test_a_weight_that_is_not_finite(published: tuple[Path, Path], tmp_path: Path) -> None:
    tensors = torch.load(published[0], weights_only=True)["model"]
    tensors["net.0.bias"][0] = torch.nan
    torch.save({"model": tensors}, published[0])
    with pytest.raises(CheckpointError, match=r"layers\.0\.bias .* is not finite"):
        convert_published("toy", "toy", *published, tmp_path / "converted")
    assert {path.name for path in tmp_path.iterdir()} == {"G_3.pth", "config.json"}


def test_a_part_without_published_weights(published: tuple[Path, Path], tmp_path: Path) -> None:
    card_with(None)
    with pytest.raises(ConfigError, match="no published weights of toy/toy"):
        convert_published("toy", "toy", *published, tmp_path / "converted")


def test_missing_files(published: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no checkpoint"):
        convert_published("toy", "toy", tmp_path / "none.pth", published[1], tmp_path / "converted")
    with pytest.raises(ConfigError, match="no config file"):
        convert_published("toy", "toy", published[0], tmp_path / "none.json", tmp_path / "converted")
