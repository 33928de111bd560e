"""Several processes train and extract as one, and go on after a kill. gloo, on the CPU."""

from __future__ import annotations

import gzip
import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import torch

from hiervox.models.base.checkpoints.checkpoint import find_checkpoint
from tests.conftest import REPOSITORY
from tests.models.base.data.corpora import CHANNELS, make_manifest
from tests.models.base.training.test_loop import state_files
from tests.models.tts.hierspeechpp.tiny_synthesizer import TINY_SYNTHESIZER
from tests.models.tts.hierspeechpp.tiny_text_to_vec import tiny_config

STEPS = 4
BATCH_SIZE = 8
# so that an update follows the gradient, and not the sign of one that is rounding alone
OPTIMIZER = {"learning_rate": 1e-2, "eps": 1e-2}
FEATURES = {"semantic": {"family": "whisper", "name": "none"}, "pitch": {"method": "dio"}}
MODELS = {
    "text_to_vec": {"model": tiny_config(CHANNELS).model_dump(mode="json")},
    "synthesizer": {
        "model": TINY_SYNTHESIZER.model_copy(update={"semantic_channels": CHANNELS}).model_dump(mode="json"),
        "discriminators": {
            "stft": {"window_lengths": [256, 128], "channels": 4},
            "period": {"periods": [2, 3], "channels": [4, 8]},
        },
    },
}


@pytest.fixture(scope="module")
def python(warm_python: Path) -> Iterator[str]:
    """What starts programs, those of torchrun too."""
    program = str(warm_python / "python")
    told = {"PYTHON_EXEC": program, "OMP_NUM_THREADS": "1", "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}
    with mock.patch.dict(os.environ, told):
        yield program


def launch(
    python: str, processes: int, *arguments: str | Path, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """`python -m ARGUMENTS`, in one process or through `accelerate launch` in several."""
    command = [python, "-m"]
    if processes > 1:
        options = f"--multi_gpu --num_machines 1 --num_processes {processes} --main_process_port 0"
        command += ["accelerate.commands.launch", *options.split()]
        command += ["--mixed_precision", "no", "--dynamo_backend", "no", "-m"]
    done = subprocess.run(
        [*command, *map(str, arguments)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert not check or done.returncode == 0, done.stderr[-3000:]
    return done


def write_config(path: Path, part: str, cuts: Path, batch_size: int) -> Path:
    train: dict[str, Any] = {"max_steps": STEPS, "batch_size": batch_size, "optimizer": OPTIMIZER}
    train |= {"log_every": 1, "clip_norm": 1e3, "ema_decay": 0.5, "workers": 0}
    copies = 2 if part == "synthesizer" else 0
    tree = {
        "system": "hierspeechpp",
        "part": part,
        "out_dir": str(path.with_suffix("")),
        "data": {"cuts": str(cuts), "dev_size": 0},
        "features": {**FEATURES, "perturbed_copies": copies},
        "train": train,
        **MODELS[part],
    }
    path.write_text(json.dumps(tree))
    return path


@pytest.fixture(scope="module")
def runs(python: str, feature_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Run folders of both parts, by the number of processes."""
    folders = {}
    for processes in (1, 2):
        folder = folders[processes] = tmp_path_factory.mktemp(f"{processes}_processes")
        configs = [
            write_config(folder / f"{part}.json5", part, feature_folder, BATCH_SIZE // processes)
            for part in MODELS
        ]
        launch(python, processes, "tests.models.base.shared_batch", *configs)
    return folders


def terms(run: Path) -> list[dict[str, float]]:
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    timing = {"seconds", "steps_per_second", "split"}
    return [{name: value for name, value in row.items() if name not in timing} for row in rows]


def learnt(checkpoint: Path) -> dict[str, torch.Tensor]:
    """Its tensors but for the random states, of which each process has its own."""
    tensors = state_files(checkpoint)
    return {name: tensor for name, tensor in tensors.items() if not name.startswith("random_states")}


@pytest.mark.parametrize("part", MODELS)
def test_two_processes_train_as_one(runs: dict[int, Path], part: str) -> None:
    one, two = (terms(runs[processes] / part) for processes in (1, 2))
    assert len(one) == len(two) == STEPS
    for alone, together in zip(one, two, strict=True):
        assert together == pytest.approx(alone, rel=5e-5, abs=1e-6)
    expected, actual = (learnt(find_checkpoint(runs[processes] / part)) for processes in (1, 2))
    assert expected.keys() == actual.keys()
    for name, tensor in expected.items():  # weights, their average, the optimizers' moments, of all networks
        torch.testing.assert_close(actual[name], tensor, rtol=1e-3, atol=1e-4, msg=name)


TOY = "tests.models.base.toy"


@pytest.fixture(scope="module")
def whole(python: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of twelve steps by two processes that nothing disturbed."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    launch(python, 2, TOY, folder, "12")
    return folder


def require_the_same(whole: Path, broken: Path) -> None:
    """Of two runs: all that they saved, and what they wrote down."""
    expected, actual = state_files(find_checkpoint(whole)), state_files(find_checkpoint(broken))
    assert len(expected) > 20 and expected.keys() == actual.keys()
    for name in expected:
        assert torch.equal(expected[name], actual[name]), name
    assert terms(broken) == terms(whole)


def test_a_killed_process_ends_the_run_which_resumes_exactly(
    python: str, whole: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    killed = launch(python, 2, TOY, broken, "12", "--kill-at", "8", check=False)
    assert killed.returncode != 0
    assert find_checkpoint(broken).name == "step-00000005"
    alone = launch(python, 1, TOY, broken, "12", "--resume", check=False)
    assert alone.returncode != 0 and "the random states of 2 processes" in alone.stderr
    launch(python, 2, TOY, broken, "12", "--resume")
    require_the_same(whole, broken)
    rows = [json.loads(line) for line in (broken / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows if row["split"] == "train"] == [2, 4, 5, 6, 8, 10, 12]


def test_a_job_on_two_machines_restarts_where_one_of_them_failed(
    python: str, whole: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        meeting = f"127.0.0.1:{free.getsockname()[1]}"
    options = f"--nnodes 2 --nproc-per-node 1 --max-restarts 2 --rdzv-backend c10d --rdzv-endpoint {meeting}"
    command = [python, "-m", "torch.distributed.run", *options.split(), "--rdzv-id", "toy"]
    command += ["--local-addr", "127.0.0.1", "-m", TOY, str(broken), "12", "--kill-at", "8"]
    machines = [
        subprocess.Popen(
            command,
            cwd=REPOSITORY,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    try:
        said = [machine.communicate(timeout=300)[1] for machine in machines]
    finally:
        for machine in machines:
            machine.kill()
    assert [machine.returncode for machine in machines] == [0, 0], said
    assert "resumed" in "".join(said)
    require_the_same(whole, broken)


def test_two_processes_extract_as_one(python: str, tmp_path: Path) -> None:
    manifest = make_manifest(tmp_path / "corpus", [0.6 + 0.05 * number for number in range(11)])
    config = tmp_path / "features.json5"
    config.write_text(json.dumps({"features": {**FEATURES, "perturbed_copies": 1}}))
    for processes, folder in ((1, "one"), (2, "two")):
        options = ["--cuts", manifest, "--config", config, "--out", tmp_path / folder, "--device", "cpu"]
        launch(python, processes, "tests.models.base.data.extract_small", "extract", *options)
    alone = tmp_path / "one"
    files = sorted(path.relative_to(alone) for path in alone.rglob("*") if path.is_file())
    assert {"cuts.jsonl.gz", "blocks/00003.h5"} <= {str(file) for file in files}
    for file in files:
        one, two = ((tmp_path / folder / file).read_bytes() for folder in ("one", "two"))
        if file.suffix == ".gz":  # its header holds the time
            one, two = gzip.decompress(one), gzip.decompress(two)
        assert one == two, file
