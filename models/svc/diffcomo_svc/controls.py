"""What a user can set in DiffComoSVC."""

from __future__ import annotations

from pydantic import Field

from hiervox.models.svc._singing.controls import SingingControls

TEACHER_STEPS, STUDENT_STEPS = 50, 1


class DiffComoSVCControls(SingingControls):
    """All controls.

    Attributes:
        steps: of sampling; None for the published number.
        temperature: factor of all noise.
    """

    steps: int | None = Field(
        None, ge=1, le=1000, description="of sampling; by default 1 of a student, 50 of a teacher"
    )
    temperature: float = Field(1.0, ge=0, le=2, allow_inf_nan=False, description="factor of all noise")
