"""What a user can set in Diff-HierVC."""

from __future__ import annotations

from pydantic import Field

from hiervox.models.vc._diffusion.controls import MOST_STEPS, DiffusionConversionControls


class DiffHierVCControls(DiffusionConversionControls):
    """All controls of conversion.

    Attributes:
        pitch_steps: of the solver of the F0 contour. Too few leave noise in it, says the published code.
    """

    pitch_steps: int = Field(30, ge=1, le=MOST_STEPS, description="of the F0 contour's diffusion")
