"""What can be set when latent diffusion makes sound."""

from __future__ import annotations

from pydantic import Field

from hiervox.models.base.pipelines.controls import DEFAULT_SEED, Controls
from hiervox.modules.diffusion.samplers import Solver


class LatentAudioControls(Controls):
    """All controls.

    Attributes:
        solver: that takes the noise out; PLMS in 200 steps is published.
        steps: of it.
        guidance: how far sampling goes from the empty caption to the given one, and beyond.
        seed: of all noise.
        vocoder: that makes sound of the spectrogram.
        peak: of the result; None leaves it as it comes, unless that is over 1.
    """

    solver: Solver = Field("dpm_solver", description="dpm_solver, plms, ddim, ddpm or pndm")
    steps: int = Field(50, ge=2, le=999, description="of the solver; time grows with them")
    guidance: float = Field(
        4.0, ge=0, le=50, allow_inf_nan=False, description="how closely the caption is followed; 1 is quicker"
    )
    seed: int = Field(
        DEFAULT_SEED, ge=0, lt=2**63, description="of all noise; the same seed gives the same sound"
    )
    vocoder: str | None = Field(
        None, description="a vocoder's name or folder, or griffin_lim; by default the model folder's"
    )
    peak: float | None = Field(
        None, gt=0, le=1, allow_inf_nan=False, description="of the result, by default as it comes"
    )
