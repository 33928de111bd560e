"""Discriminators by the type that a config names."""

from __future__ import annotations

import pytest
import torch
from pydantic import TypeAdapter, ValidationError

from hiervox.modules.discriminators import BUILDERS, AnyDiscriminator, build_discriminator

CONFIGS: TypeAdapter[AnyDiscriminator] = TypeAdapter(AnyDiscriminator)


@pytest.mark.parametrize("kind", BUILDERS)
def test_every_type_is_built_from_its_defaults_and_takes_its_shortest_waveform(kind: str) -> None:
    config = CONFIGS.validate_python({"type": kind, "weight": 0.5})
    with torch.no_grad():
        outputs = build_discriminator(config)(torch.zeros(1, 1, max(config.min_samples, 64)))
    assert outputs and all(output.logits.dim() == 2 for output in outputs)


def test_an_unknown_type_is_refused_with_the_choices() -> None:
    with pytest.raises(ValidationError, match=r"'multi_period'.*'wavelet'"):
        CONFIGS.validate_python({"type": "multi_perod"})
