"""Timing networks, alone and beside a stand-in for a published repository."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from hiervox.bins.app import app
from hiervox.models.base.benchmark import networks
from hiervox.models.base.benchmark.networks import Result, Setting, Size, time_workload, workloads_of
from hiervox.models.base.benchmark.report import markdown, network_rows, updated
from hiervox.models.base.pipelines.precision import set_tf32
from hiervox.models.base.registry import SYSTEMS
from hiervox.utils.errors import ConfigError
from hiervox.utils.registry import resolve
from hiervox.utils.timing import Timing
from tests.own import own_systems

# A repository whose network has the weights of ours under its own names, and computes something else.
REPOSITORY = """
import json
from torch import nn

class SynthesizerTrn(nn.Module):
    def __init__(self, *sizes):
        super().__init__()
        import torch
        spec = json.loads((__import__("pathlib").Path(__file__).parent / "spec.json").read_text())
        self.tensors = {name: 0.01 * torch.randn(shape) for name, shape in spec.items()}

    def state_dict(self):
        return self.tensors

    def forward(self, wav):
        return wav.repeat_interleave(3, dim=-1)
"""


def _write_repository(module: Path, code: str, shared: Path, golden: str) -> None:
    """A package of one module, with the shapes of a golden file's tensors beside it."""
    module.parent.mkdir()
    (module.parent / "__init__.py").touch()
    module.write_text(code)
    spec = shared / "parity" / "official" / f"{golden}.spec.json"
    (module.parent / "spec.json").write_text(spec.read_text())


def test_workloads_name_parts_of_their_systems() -> None:
    for name, card in own_systems().items():
        if card.workloads is not None:
            parts = {part.name for part in card.parts}
            assert {workload.part for workload in workloads_of(name).values()} <= parts


def test_a_network_alone() -> None:
    setting = Setting(Size(seconds=0.5), device="cpu", threads=1, repeats=2, warmup=0)
    result = time_workload("speechsr", "speechsr24", setting)
    assert list(result.timings) == ["ours"]
    assert len(result.timings["ours"].processor) == 2
    assert result.memory > 0 and result.difference is None


def test_a_network_without_the_fused_activation_is_named_so() -> None:
    setting = Setting(Size(seconds=0.5), device="cpu", threads=1, repeats=1, warmup=0, fused=False)
    assert time_workload("speechsr", "speechsr24", setting).workload == "speechsr24, not fused"


def test_beside_published_code_outputs_are_compared(shared: Path, tmp_path: Path) -> None:
    _write_repository(tmp_path / "speechsr48k" / "speechsr.py", REPOSITORY, shared, "speechsr48")
    setting = Setting(Size(seconds=0.5), device="cpu", threads=1, repeats=1, warmup=0)
    result = time_workload("speechsr", "speechsr48", setting, tmp_path)
    assert set(result.timings) == {"published", "ours"}
    assert result.difference is not None and result.difference > 1e-2


# A repository whose vocoder draws its own samples, so many frames of zeros here.
DRAWING = """
from torch import nn

class WaveRNN(nn.Module):
    def __init__(self, *sizes):
        super().__init__()
        import json, pathlib, torch
        spec = json.loads((pathlib.Path(__file__).parent / "spec.json").read_text())
        self.tensors = {name: 0.01 * torch.randn(shape) for name, shape in spec.items()}

    def state_dict(self):
        return self.tensors

    def generate(self, mel, *_):
        return mel.new_zeros((mel.shape[2] - 1) * 275).numpy()
"""


def test_what_is_drawn_sample_by_sample_is_short_and_not_compared(shared: Path, tmp_path: Path) -> None:
    _write_repository(tmp_path / "models" / "fatchord_version.py", DRAWING, shared, "wavernn_mol")
    setting = Setting(Size(seconds=0.02), device="cpu", threads=1, repeats=1, warmup=0)
    result = time_workload("wavernn", "logistics", setting, tmp_path)
    assert result.difference is None
    header, row = network_rows([result])
    assert row[header.index("difference")] == ""
    factor = result.timings["ours"].median("wall") / result.setting.size.seconds
    assert row[header.index("real-time factor")] == f"{factor:.3f}"


def test_the_published_code_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't run speechsr24"):
        time_workload("speechsr", "speechsr24", Setting(Size(0.5)), tmp_path)
    with pytest.raises(ConfigError, match="no folder"):
        time_workload("speechsr", "speechsr24", Setting(), tmp_path / "absent")


def test_unknown_workloads_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"no workload 'speechsr25'.*did you mean"):
        time_workload("speechsr", "speechsr25", Setting())


class Here:
    """Takes the place of an executor: computes in this process."""

    def __init__(self, *given: object, **named: object) -> None:
        pass

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *error: object) -> None:
        set_tf32(False)

    def submit(self, function: Callable[..., Any], *given: object) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(function(*given))
        return future


def test_a_length_is_cut_to_what_a_workload_can_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "ProcessPoolExecutor", Here)
    monkeypatch.setattr(networks, "_time", lambda system, name, setting, reference: setting)
    given: Any = time_workload("wavernn", "logistics", Setting(Size(seconds=60)))
    assert given.size.seconds == workloads_of("wavernn")["logistics"].most_seconds < 0.5


def test_the_command_prints_a_table_and_writes_every_repeat(tmp_path: Path) -> None:
    arguments = ["benchmark", "speechsr", "--workload", "speechsr24", "--seconds", "0.5", "--repeats", "2"]
    files = ["--json", str(tmp_path / "b.json"), "--markdown", str(tmp_path / "b.md")]
    result = CliRunner().invoke(app, [*arguments, "--threads", "1", "--device", "cpu", *files])
    assert result.exit_code == 0, result.output
    assert "| speechsr24 | 1 |" in result.output
    tree = json.loads((tmp_path / "b.json").read_text())
    assert len(tree["results"][0]["timings"]["ours"]["wall"]) == 2
    assert tree["machine"]["torch"]
    assert (tmp_path / "b.md").read_text() in result.output + "\n"


def test_rows_of_the_same_workload_and_threads_are_replaced_in_a_document() -> None:
    header = ["workload", "threads", "ours (s)"]
    text = "# Speed\n\n" + markdown([header, ["a", "1", "old"], ["b", "1", "kept"]]) + "\n\nMore.\n"
    rows = [header, ["a", "1", "new"], ["a", "2", "added"]]
    lines = updated(text, rows).splitlines()
    assert lines[4:7] == ["| a | 1 | new |", "| b | 1 | kept |", "| a | 2 | added |"]
    assert lines[:2] == ["# Speed", ""] and lines[-1] == "More."
    with pytest.raises(ConfigError, match="no table"):
        updated("# Speed\n", rows)


def test_rows_of_a_gpu_are_milliseconds_in_a_table_of_their_own() -> None:
    slow, fast = Timing((0.4, 0.2, 0.3), (0.1, 0.1, 0.1)), Timing((0.1, 0.1, 0.1), (0.1, 0.1, 0.1))
    setting = Setting(Size(seconds=2.0, batch=4), "cuda", dtype="bfloat16")
    alone = Result("b", setting, {"ours": fast}, 5_000_000, gpu="some GPU")
    beside = Result("a", setting, {"published": slow, "ours": fast}, 7_000_000, 0.001, "some GPU")
    header, first, second = network_rows([beside, alone])
    assert first == [
        *("a", "bfloat16", "4", "300.00", "100.00", "3.00 [2.00, 4.00]", "1.0e-03", "0.01250", "7")
    ]
    assert second == ["b", "bfloat16", "4", "", "100.00", "", "", "0.01250", "5"]
    table = updated(markdown([header, first]), [header, [*first[:2], "8", *first[3:]]])
    assert table.count("| a | bfloat16 |") == 2  # batches of another size have a row of their own


def test_options_of_networks_go_with_a_system() -> None:
    result = CliRunner().invoke(app, ["benchmark", "--workload", "x"])
    assert isinstance(result.exception, ConfigError)


def test_several_dtypes_and_batches_give_a_row_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "ProcessPoolExecutor", Here)
    arguments = ["benchmark", "speechsr", "--workload", "speechsr24", "--seconds", "0.5", "--repeats", "1"]
    several = ["--dtype", "float32", "--dtype", "bfloat16", "--batch", "1", "--batch", "2"]
    result = CliRunner().invoke(
        app, [*arguments, *several, "--threads", "1", "--device", "cpu", "--warmup", "0"]
    )
    assert result.exit_code == 0, result.output
    rows = [line.split("|")[1].strip() for line in result.output.splitlines() if "speechsr24" in line]
    assert rows == ["speechsr24"] * 2 + ["speechsr24, bfloat16"] * 2


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_network_on_a_gpu() -> None:
    setting = Setting(Size(seconds=0.5), device="cuda", repeats=2, dtype="bfloat16")
    result = time_workload("speechsr", "speechsr24", setting)
    assert result.gpu and result.memory > 0


@pytest.mark.parametrize("system", [name for name, card in own_systems().items() if card.workloads])
def test_workloads_resolve_to_parts_that_can_be_built(system: str) -> None:
    card = SYSTEMS[system]
    for workload in resolve(str(card.workloads)):
        assert workload.name and callable(workload.prepare)
