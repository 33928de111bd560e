"""The job scripts give `torchrun` and `hiervox` what Slurm says, as programs in their place tell."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

SLURM = {
    "SLURM_JOB_ID": "7",
    "SLURM_JOB_NODELIST": "node[3-4]",
    "SLURM_JOB_NUM_NODES": "2",
    "SLURM_GPUS_ON_NODE": "8",
    "SLURM_ARRAY_TASK_ID": "3",
    "SLURM_ARRAY_TASK_COUNT": "16",
}


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    for name, does in (("srun", 'echo "$@"'), ("scontrol", "printf 'node3\\nnode4\\n'")):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
        program.chmod(0o755)
    return tmp_path


def submit(script: str, programs: Path, *arguments: str, **more: str) -> list[str]:
    """What a job runs on its machines."""
    path = f"{programs}:{os.environ['PATH']}"
    done = subprocess.run(
        [REPOSITORY / "egs" / "slurm" / script, *arguments],
        env={**SLURM, **more, "PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_a_training_meets_on_the_first_machine_and_resumes_when_it_is_requeued(programs: Path) -> None:
    command = submit("train.sbatch", programs, "--config", "my.json5")
    assert command[0] == "torchrun" and command[-3:] == ["train", "--config", "my.json5"]
    told = dict(zip(command[1::2], command[2::2], strict=False))
    assert (told["--nnodes"], told["--nproc-per-node"], told["--max-restarts"]) == ("2", "8", "3")
    assert (told["--rdzv-endpoint"], told["--rdzv-id"]) == ("node3:29500", "7")
    again = submit("train.sbatch", programs, "--config", "my.json5", SLURM_RESTART_COUNT="1", RESTARTS="0")
    assert again[-1] == "--resume" and again[again.index("--max-restarts") + 1] == "0"


def test_an_array_shares_extraction(programs: Path) -> None:
    command = submit("extract.sbatch", programs, "--cuts", "data", "--out", "features")
    assert command == ["hiervox", "extract", "--cuts", "data", "--out", "features", "--shard", "3/16"]
