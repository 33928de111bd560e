"""What a user can set in VitsSVC."""

from __future__ import annotations

from pydantic import Field

from hiervox.models.svc._singing.controls import KeyControls


class VitsSVCControls(KeyControls):
    """VitsSVC's own.

    Attributes:
        temperature: of the prior's noise; 0.667 is published.
    """

    temperature: float = Field(
        0.667,
        ge=0,
        le=2,
        allow_inf_nan=False,
        description="factor of the noise that the latent has",
    )
