"""Distillation of DiffComoSVC to one step (arXiv 2401.01792, section 3.3)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import torch
from torch import Tensor, nn

from hiervox.models.base.checkpoints.checkpoint import load_network
from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.unwrapping import unwrapped
from hiervox.models.svc._singing.condition import Song
from hiervox.models.svc._singing.network import SingingNetwork
from hiervox.models.svc._singing.task import SingingTask
from hiervox.models.svc.diffcomo_svc.config import StudentExperiment
from hiervox.models.svc.diffcomo_svc.losses import consistency_target
from hiervox.models.svc.diffcomo_svc.network import DiffComoSVC, PriorOutput
from hiervox.models.svc.diffcomo_svc.tasks.teacher import sampled
from hiervox.modules.losses.reconstruction import masked_mse
from hiervox.utils.errors import ConfigError


class StudentTask(SingingTask[StudentExperiment]):
    """The student's WaveNet learns; all else is the teacher's, and stays."""

    @cached_property
    def teacher(self) -> DiffComoSVC:
        """The network that `data.teacher` names.

        Raises:
            CheckpointError: it is missing or broken.
            ConfigError: it is something else, or of other sizes.
        """
        path = self.config.data.teacher
        network, experiment = load_network(path)
        if not isinstance(network, DiffComoSVC) or network.sizes.student:
            raise ConfigError(
                f"data.teacher {path} is {experiment.system}/{experiment.part}", "name a teacher of it"
            )
        own = {**self.config.model.model_dump(), "student": False}
        if network.sizes.model_dump() != own:
            differing = [name for name, value in network.sizes.model_dump().items() if own[name] != value]
            raise ConfigError(
                f"the teacher's model differs in {', '.join(differing)}", "set the student's to the same"
            )
        return network.eval().requires_grad_(False)

    def build_networks(self) -> dict[str, nn.Module]:
        """The student, with the teacher's weights."""
        student = DiffComoSVC(self.config.model)
        student.load_state_dict(self.teacher.state_dict(), strict=False)
        assert student.average is not None
        student.average.load_state_dict(student.wavenet.state_dict())
        return {"main": student}

    def forward(self, networks: Mapping[str, nn.Module], batch: Batch) -> tuple[PriorOutput, Tensor, Tensor]:
        """What both make of neighbouring noise levels, (B, M, N) each, behind what the pass begins with."""
        song, mel = self.song(batch), batch["mel"]
        student = unwrapped(networks["main"])
        assert isinstance(student, DiffComoSVC)
        if student.training:
            student.follow(self.config.average_decay)
        teacher, voice = self.teacher.to(mel.device), self.voice(batch, song)
        with torch.no_grad():
            begun = teacher.begin(song, voice, mel)
        number = torch.randint(1, self.config.n_levels, (len(mel),), device=mel.device)
        levels = student.levels(self.config.n_levels).to(mel)
        low, high, noise = levels[number - 1], levels[number], torch.randn_like(mel)
        target = consistency_target(student, teacher, begun, low, high, noise)
        _, predicted = networks["main"](song, voice, mel, high, noise, begun.prior)
        return begun, predicted, target

    def losses(
        self,
        phase: str,
        networks: Mapping[str, nn.Module],
        batch: Batch,
        output: tuple[PriorOutput, Tensor, Tensor],
        step: int,
    ) -> dict[str, Tensor]:
        """`consistency`."""
        begun, predicted, target = output
        return {"consistency": masked_mse(predicted, target, begun.mask)}

    def sung(self, network: SingingNetwork, song: Song, style: Tensor | None) -> dict[str, Tensor]:
        """The predicted spectrogram, and what is made of it at once."""
        return sampled(network, song, style, 1)
