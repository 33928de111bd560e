"""What can be set in DiffComoSVC. Defaults are those of the published recipe."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, PositiveFloat, model_validator

from hiervox.models.base.config import LossWeight, LossWeights
from hiervox.models.svc._singing.config import SingingDataConfig, SingingExperiment
from hiervox.models.svc.diffcomo_svc.network import DiffComoSVCSizes


class DiffComoSVCExperiment(SingingExperiment):
    """A training run of either."""

    model: DiffComoSVCSizes = DiffComoSVCSizes()


class TeacherLossConfig(LossWeights):
    """Weights of the teacher's terms.

    Attributes:
        prior: negative log-likelihood around the predicted spectrogram.
        ssim: one less its structural similarity.
        denoising: weighted squared error of what is denoised.
    """

    prior: LossWeight = 1.0
    ssim: LossWeight = 1.0
    denoising: LossWeight = 1.0


class TeacherExperiment(DiffComoSVCExperiment):
    """A training run of the teacher.

    Attributes:
        loss: weights.
        log_noise_mean, log_noise_deviation: of the logarithm of the noise in training (EDM).
    """

    loss: TeacherLossConfig = TeacherLossConfig()
    log_noise_mean: float = -1.2
    log_noise_deviation: PositiveFloat = 1.2

    @model_validator(mode="after")
    def _is_teacher(self) -> TeacherExperiment:
        if self.model.student:
            raise ValueError("model.student is for the part student")
        return self


class StudentDataConfig(SingingDataConfig):
    """The data, and whom to learn from.

    Attributes:
        teacher: its run or checkpoint.
    """

    teacher: Path = Path("exp/runs/teacher")


class StudentSizes(DiffComoSVCSizes):
    """Those of the teacher, with an average of the weights."""

    student: bool = True


class StudentExperiment(DiffComoSVCExperiment):
    """A training run of the student.

    Attributes:
        n_levels: of the noise.
        average_decay: of the student's weights.
    """

    data: StudentDataConfig
    model: StudentSizes = StudentSizes()
    n_levels: int = Field(40, ge=2)
    average_decay: float = Field(0.95, ge=0, lt=1)

    @model_validator(mode="after")
    def _is_student(self) -> StudentExperiment:
        if not self.model.student:
            raise ValueError("model.student must be true of the part student")
        return self
