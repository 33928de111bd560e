"""What a user can set in DDDM-VC."""

from __future__ import annotations

from pydantic import Field

from hiervox.models.vc._diffusion.controls import DiffusionConversionControls
from hiervox.modules.diffusion.mean_reverting import Solver


class DDDMControls(DiffusionConversionControls):
    """All controls of conversion.

    Attributes:
        solver: of the reverse equation.
    """

    solver: Solver = Field(
        "ml", description="ml (maximum likelihood, for few steps) or em (Euler-Maruyama, for many)"
    )
