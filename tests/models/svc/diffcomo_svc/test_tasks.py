"""Tests of `hiervox.models.svc.diffcomo_svc` at a tiny size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from hiervox.models.base.checkpoints.checkpoint import load_network
from hiervox.models.base.training.engine import StepEngine
from hiervox.models.svc.diffcomo_svc.config import StudentExperiment, TeacherExperiment
from hiervox.models.svc.diffcomo_svc.network import DiffComoSVC
from hiervox.models.svc.diffcomo_svc.tasks.student import StudentTask
from hiervox.models.svc.diffcomo_svc.tasks.teacher import TeacherTask
from hiervox.utils.errors import ConfigError
from tests.models.svc.diffcomo_svc.tiny_diffcomo_svc import MODEL, write_diffcomo_svc, write_teacher
from tests.models.svc.tiny import batch, experiment_tree
from tests.overfit import overfit


def _teacher(**model: Any) -> TeacherTask:
    tree = experiment_tree("diffcomo_svc", {**MODEL, **model}, part="teacher")
    return TeacherTask(TeacherExperiment.model_validate(tree))


def _student(teacher: Path, **more: Any) -> StudentTask:
    data = {"cuts": "unused", "teacher": teacher}
    model = {**MODEL, "student": True, **more}
    tree = experiment_tree("diffcomo_svc", model, part="student", data=data, n_levels=6)
    return StudentTask(StudentExperiment.model_validate(tree))


def test_the_teacher_learns_a_batch_by_heart() -> None:
    torch.manual_seed(0)
    history = overfit(_teacher(), batch(), steps=100, learning_rate=4e-3)
    for name, share in {"ssim": 0.4, "denoising": 0.8}.items():
        first, last = (sum(terms[name] for terms in part) for part in (history[:20], history[-20:]))
        assert last < share * first, name
    assert history[-1]["prior"] < history[0]["prior"]


def test_the_student_learns_from_its_teacher_and_keeps_the_rest(tmp_path: Path) -> None:
    torch.manual_seed(0)
    task = _student(write_teacher(tmp_path / "teacher"))
    engine = StepEngine(task, device="cpu")
    student = engine.bare("main")
    assert isinstance(student, DiffComoSVC) and student.average is not None
    before = {name: tensor.clone() for name, tensor in student.state_dict().items()}
    for optimizer in engine.optimizers.values():
        optimizer.param_groups[0]["lr"] = 3e-3
    history = [float(engine.step(batch(), step)["consistency"]) for step in range(80)]
    assert sum(history[-20:]) < 0.65 * sum(history[:20])
    changed = {
        name.split(".")[0] for name, it in student.state_dict().items() if not torch.equal(it, before[name])
    }
    assert changed == {"wavenet", "average"}
    assert all(torch.equal(it, before[name]) for name, it in task.teacher.state_dict().items())


def test_the_average_follows_in_training_alone(tmp_path: Path) -> None:
    task = _student(write_teacher(tmp_path / "teacher"))
    engine = StepEngine(task, device="cpu")
    engine.step(batch(), 0)
    networks = engine.inference_networks()
    student = networks["main"]
    assert isinstance(student, DiffComoSVC) and student.average is not None
    kept = student.eval().average.input.weight.clone()
    with torch.no_grad():
        task.forward(networks, batch())
    assert torch.equal(student.average.input.weight, kept)


def test_another_network_is_no_teacher(tmp_path: Path) -> None:
    student = write_diffcomo_svc(tmp_path / "student")
    with pytest.raises(ConfigError, match=r"is diffcomo_svc/student: name a teacher"):
        _ = _student(student).teacher
    teacher = write_teacher(tmp_path / "teacher")
    with pytest.raises(ConfigError, match=r"differs in data_deviation: set the student's to the same"):
        _ = _student(teacher, data_deviation=0.4).teacher
    with pytest.raises(ValueError, match=r"model\.student is for the part student"):
        _teacher(student=True)


def test_media_of_a_batch(tmp_path: Path) -> None:
    for task in (_teacher(), _student(write_teacher(tmp_path / "teacher"))):
        engine = StepEngine(task, device="cpu")
        with torch.no_grad():
            media = engine.task.media(engine.inference_networks(), batch())
        assert set(media.figures) == {"mel/recorded", "mel/prior", "mel/sung"}


def test_at_the_least_noise_nothing_changes(tmp_path: Path) -> None:
    network, _ = load_network(write_teacher(tmp_path / "teacher"))
    assert isinstance(network, DiffComoSVC)
    mel = torch.randn(2, 20, 8)
    least = torch.full((2,), network.sizes.least_noise)
    torch.testing.assert_close(network.denoise(mel, least, mel), mel, atol=1e-4, rtol=1e-4)
