"""DiffComoSVC for use: a student in one step, or a teacher in many."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from hiervox.models.base.pipelines.speech_pipeline import SpeechPipeline
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.svc._singing.condition import Song
from hiervox.models.svc._singing.network import Noise
from hiervox.models.svc._singing.pipeline import SpectrogramConverter, build_pipeline
from hiervox.models.svc.diffcomo_svc.config import DiffComoSVCExperiment
from hiervox.models.svc.diffcomo_svc.controls import STUDENT_STEPS, TEACHER_STEPS, DiffComoSVCControls
from hiervox.models.svc.diffcomo_svc.network import DiffComoSVC


class DiffComoSVCConverter(SpectrogramConverter[DiffComoSVCControls, DiffComoSVC]):
    """The spectrogram by Euler's steps of a teacher, or a student's jumps."""

    def sample(self, song: Song, voice: Voice, noise: Noise, controls: DiffComoSVCControls) -> Tensor:
        """See `SingingConverter.sample`."""

        def scaled(draw: int) -> Tensor:
            return controls.temperature * noise(draw)

        usual = STUDENT_STEPS if self.network.sizes.student else TEACHER_STEPS
        return self.network.sing(song, self.voices.styles([voice]), scaled, controls.steps or usual)


def load_pipeline(folder: Path, device: str | torch.device = "cpu") -> SpeechPipeline[DiffComoSVCControls]:
    """Open a checkpoint or run, or a bundle of one and a vocoder; of `student` and `teacher` the former.

    Raises:
        CheckpointError: the network is missing, broken, or of another system.
    """
    return build_pipeline(
        folder, device, DiffComoSVCControls, DiffComoSVCConverter, DiffComoSVC, DiffComoSVCExperiment
    )
