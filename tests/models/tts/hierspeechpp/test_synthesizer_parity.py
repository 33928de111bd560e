"""The synthesizer agrees with the published code, stage by stage."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.golden import TOLERANCE
from tests.parity import Case, synthesizer_errors

NAME = "hierspeechpp_synthesizer"


@pytest.fixture(scope="module")
def errors(shared: Path) -> dict[str, float]:
    case = Case(shared / "parity" / "official", NAME, salt=0)
    with torch.no_grad():
        errors = dict(synthesizer_errors(case))
    assert not case.unused
    return errors


@pytest.mark.parametrize(
    "tensor",
    [
        "style",
        "semantic_mean",
        "semantic_logs",
        "after_flow_l",
        "after_flow",
        "source_features",
        "source_f0",
        "acoustic_mean",
        "acoustic_logs",
        "prosody_mel",
        "audio_denoise_0.0",
        "audio_denoise_0.8",
    ],
)
def test_agrees_with_the_published_code(errors: dict[str, float], tensor: str) -> None:
    assert errors[tensor] < TOLERANCE
