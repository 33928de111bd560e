from __future__ import annotations

from pathlib import Path

import pytest
import torch
import typer
from typer.testing import CliRunner

from hiervox.bins.convert import convert
from hiervox.models.base.checkpoints.checkpoint import load_network
from hiervox.models.base.checkpoints.importing import read_published
from hiervox.utils.errors import CheckpointError

app = typer.Typer()
app.command()(convert)


def arguments(shared: Path, system: str, part: str, out: Path, rate: str = "24k") -> list[str]:
    folder = shared / "checkpoints/speechsr"
    (checkpoint,) = folder.glob(f"speechsr{rate}_G_*.pth")
    config = folder / f"speechsr{rate}_config.json"
    keys = {"system": system, "part": part, "checkpoint": checkpoint, "config": config, "out": out}
    return [text for key, value in keys.items() for text in (f"--{key}", str(value))]


@pytest.mark.parametrize(("rate", "hertz"), [("24k", 24_000), ("48k", 48_000)])
def test_the_published_speechsr(shared: Path, tmp_path: Path, rate: str, hertz: int) -> None:
    out = tmp_path / "speechsr"
    result = CliRunner().invoke(app, arguments(shared, "speechsr", "speechsr", out, rate))
    assert result.exit_code == 0, result.output
    assert result.output.startswith("0.13 M weights")
    network, experiment = load_network(out)
    assert experiment.model.rate == hertz  # type: ignore[attr-defined]
    published = read_published(next((shared / "checkpoints/speechsr").glob(f"speechsr{rate}_G_*.pth")))
    largest = max(published.values(), key=torch.numel)
    assert any(torch.equal(largest, tensor) for tensor in network.state_dict().values())


def test_the_wrong_part_lists_tensors(shared: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text("{}")  # the published sizes
    wrong = arguments(shared, "hierspeechpp", "synthesizer", tmp_path / "out")
    result = CliRunner().invoke(app, [*wrong, "--config", str(config)])
    assert isinstance(result.exception, CheckpointError)
    assert "dec.conv_pre.bias is (32,) instead of (512,)" in str(result.exception)
    assert not (tmp_path / "out").exists()
