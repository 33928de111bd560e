"""The command that compares with golden files."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner, Result

from tests.golden import OFFICIAL, TOLERANCE, Golden, computed_on, relative_error
from tests.parity import PLUGINS, app, compare, own_modules, parity_cases
from tests.plugins import installed
from tests.stand_in import stand_in

GOLDEN = "speechsr24"
OWN = sorted({name for module in own_modules() for name in module.CASES})


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["check", *arguments])


@pytest.fixture
def folder(shared: Path, tmp_path: Path) -> Path:
    """A folder of one golden file with its own spec, alone."""
    cases = tmp_path / "cases"
    cases.mkdir()
    for suffix in ("safetensors", "spec.json"):
        shutil.copy(shared / "parity" / "official" / f"{GOLDEN}.{suffix}", cases)
    return cases


@pytest.mark.parametrize("name", OWN)
def test_agrees_with_the_published_code(shared: Path, name: str) -> None:
    golden = Golden(OFFICIAL, name)
    errors = dict(compare(golden))
    assert errors
    assert {tensor: error for tensor, error in errors.items() if not error < TOLERANCE} == {}
    assert not golden.unused


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("name", OWN)
def test_agrees_with_the_published_code_on_a_gpu(shared: Path, name: str) -> None:
    with computed_on(torch.device("cuda")):
        errors = dict(compare(Golden(OFFICIAL, name)))
    assert {tensor: error for tensor, error in errors.items() if not error < TOLERANCE} == {}


def test_agreement_exits_0_and_prints_the_error(folder: Path) -> None:
    result = run(str(folder))
    assert result.exit_code == 0, result.output
    lines = [line.split() for line in result.stdout.splitlines()]
    assert [line[:-1] for line in lines] == [[GOLDEN, "audio"], [GOLDEN, "audio,", "packed"]]
    assert all(0 < float(line[-1]) < 1e-3 for line in lines)


def test_other_weights_exit_1(folder: Path) -> None:
    result = run(str(folder), "--salt", "7")
    assert result.exit_code == 1
    assert "TOO LARGE" in result.output


def test_golden_tensor_that_nothing_computes_is_named(folder: Path) -> None:
    path = folder / f"{GOLDEN}.safetensors"
    tensors = load_file(path)
    save_file({**tensors, "mystery": tensors["audio"].clone()}, path)
    result = run(str(folder))
    assert result.exit_code == 0
    assert "mystery: no such output here" in result.output


def test_golden_file_of_no_system_is_named(folder: Path) -> None:
    shutil.copy(folder / f"{GOLDEN}.safetensors", folder / "unheard_of.safetensors")
    result = run(str(folder))
    assert result.exit_code == 0
    assert "1 taken by no system yet: unheard_of" in result.output


def test_scales_and_given_parameters_take_effect(folder: Path) -> None:
    plain = Golden(folder, GOLDEN).state_dict()
    first, second = list(plain)[:2]
    (folder / f"{GOLDEN}.scale.json").write_text(json.dumps({re.escape(first): 2.0, f"{first[:3]}.*": 3.0}))
    tensors = load_file(folder / f"{GOLDEN}.safetensors")
    save_file({**tensors, f"state.{second}": plain[second] + 1}, folder / f"{GOLDEN}.safetensors")
    golden = Golden(folder, GOLDEN)
    scaled = golden.state_dict()
    assert torch.allclose(scaled[first], 6 * plain[first])
    assert torch.equal(scaled[second], plain[second] + 1)
    assert f"state.{second}" not in golden.unused


def test_a_case_that_breaks_is_named_and_the_others_run(folder: Path) -> None:
    path = folder / f"{GOLDEN}.safetensors"
    shutil.copy(OFFICIAL / "text.json", folder)
    save_file({**load_file(path), "wav16k": torch.zeros(3)}, path)
    result = run(str(folder))
    assert result.exit_code == 1
    assert f"{GOLDEN}  failed: " in result.output
    assert "text  symbols" in result.output


@pytest.mark.parametrize(
    ("actual", "golden", "error"),
    [
        (torch.tensor([1, 2]), torch.tensor([1, 2]), 0.0),
        (torch.tensor([1, 3]), torch.tensor([1, 2]), float("inf")),
        (torch.tensor(1.01), torch.tensor(1.0), 0.01),
        (torch.tensor([0.0, float("nan")]), torch.tensor([0.0, 1.0]), float("inf")),
        (torch.zeros(2), torch.zeros(3), float("inf")),
        (torch.tensor([0.0, 2.1]), torch.tensor([0.0, 2.0]), 0.1 / 2**0.5),
    ],
)
def test_agreement_of_numbers_integers_and_tensors(
    actual: torch.Tensor, golden: torch.Tensor, error: float
) -> None:
    assert relative_error(actual, golden) == pytest.approx(error, rel=1e-4)


def test_folder_without_golden_files_exits_2_with_one_line(tmp_path: Path) -> None:
    result = run(str(tmp_path))
    assert result.exit_code == 2
    assert result.output.startswith("error: no golden files in")
    assert result.output.count("\n") == 1


def test_golden_file_without_its_input_exits_2(folder: Path) -> None:
    path = folder / f"{GOLDEN}.safetensors"
    save_file({"audio": load_file(path)["audio"]}, path)
    result = run(str(folder))
    assert result.exit_code == 2
    assert "has no wav16k" in result.output


PUBLISHED = """
import torch
from torch import nn

def tiny():
    network = nn.Sequential(nn.Conv1d(2, 3, 3), nn.BatchNorm1d(3))
    mel = torch.randn(1, 2, 9, generator=torch.Generator().manual_seed(0))
    return network, lambda network: {"mel": mel, "hidden": network(mel)}

def broken():
    return 1 / 0

def infinite():
    return nn.Linear(1, 1), lambda network: {"all": torch.full((2,), torch.nan)}
"""
OURS = """
from torch import nn
from tests.golden import with_weights

def tiny(golden):
    network = nn.Sequential(nn.Conv1d(2, 3, 3), nn.BatchNorm1d(3))
    weights = {**golden.state_dict(), "1.num_batches_tracked": network[1].num_batches_tracked}
    yield "hidden", with_weights(network, weights)(golden["mel"])

CASES = {"tiny": tiny}
"""


def test_a_package_makes_a_golden_file_and_checks_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = CliRunner().invoke(app, ["make", "published_tiny:tiny", "golden/tiny"])
    assert made.exit_code == 2 and "can't import published_tiny" in made.output
    (tmp_path / "published_tiny.py").write_text(PUBLISHED)
    made = CliRunner().invoke(app, ["make", "published_tiny:tiny", "golden/tiny"])
    assert made.exit_code == 0, made.output
    assert run("golden", "tiny").exit_code == 2
    again = CliRunner().invoke(app, ["make", "published_tiny:tiny", "golden/tiny"])
    assert again.exit_code == 2 and "tiny.safetensors exists" in again.output
    for source, said in (("broken", "ZeroDivisionError"), ("infinite", "not finite")):
        made = CliRunner().invoke(app, ["make", f"published_tiny:{source}", f"golden/{source}"])
        assert made.exit_code == 2 and said in made.output
        assert not Path("golden", f"{source}.safetensors").exists()
    points = {"hiervox.parity": {"tiny": "tiny_cases"}}
    with installed(tmp_path / "site", "tiny-system", points, {"tiny_cases.py": OURS}):
        parity_cases.cache_clear()
        PLUGINS.forget()
        assert run("golden", "tiny").exit_code == 0
        assert run("golden", "--salt", "1").exit_code == 1
        unknown = run("golden", "tinny")
        assert unknown.exit_code == 2 and "did you mean 'tiny'" in unknown.output
    parity_cases.cache_clear()
    PLUGINS.forget()
    nobody = run("golden", "tiny")
    assert nobody.exit_code == 2 and "no case takes tiny" in nobody.output
    assert run("golden").exit_code == 0  # a folder may hold files of systems to come


def test_stand_ins_are_those_of_the_golden_files(shared: Path) -> None:
    module_spec = importlib.util.spec_from_file_location("fill", shared / "parity" / "fill.py")
    assert module_spec is not None and module_spec.loader is not None
    fill = importlib.util.module_from_spec(module_spec)
    module_spec.loader.exec_module(fill)
    for name in ("conv.weight", "conv.weight_g", "norm.weight", "x.bias", "bn.running_var", "flow.m", "logs"):
        shape = (4, 3, 5) if name == "conv.weight" else (4,)
        theirs = torch.from_numpy(fill.fill(name, shape, 3))
        assert torch.equal(stand_in(name, shape, 3), theirs), name
