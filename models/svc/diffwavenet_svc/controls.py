"""What a user can set in DiffWaveNetSVC."""

from __future__ import annotations

from pydantic import Field

from hiervox.models.svc._singing.controls import SingingControls
from hiervox.modules.diffusion.samplers import Solver


class DiffWaveNetSVCControls(SingingControls):
    """All controls.

    Attributes:
        solver: that takes the noise out.
        steps: of it; 1000 are published.
        depth: share of the training's steps at which sampling begins.
        temperature: factor of all noise.
    """

    solver: Solver = Field("pndm", description="pndm, plms, ddim, ddpm or dpm_solver")
    steps: int = Field(100, ge=1, le=1000, description="of the solver; time grows with them")
    depth: float = Field(
        1.0,
        gt=0,
        le=1,
        description="share of the noise at first; under 1 with the predicted spectrogram",
    )
    temperature: float = Field(1.0, ge=0, le=2, allow_inf_nan=False, description="factor of all noise")
