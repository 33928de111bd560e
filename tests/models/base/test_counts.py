"""The counts of parameters that cards state."""

from __future__ import annotations

import pytest
import torch

from hiervox.models.base.card import Part
from hiervox.models.base.registry import SYSTEMS
from hiervox.utils.registry import resolve

PARTS = [(card.name, part) for card in SYSTEMS.values() for part in card.parts if part.parameters]


@pytest.mark.parametrize(("system", "part"), PARTS, ids=[f"{system}-{part.name}" for system, part in PARTS])
def test_a_card_states_the_parameters_that_its_default_config_makes(system: str, part: Part) -> None:

    sizes = resolve(part.config).model_fields["model"].get_default(call_default_factory=True)
    with torch.device("meta"):
        built = resolve(part.network)(sizes)
    assert sum(parameter.numel() for parameter in built.parameters()) == part.parameters
