"""Tests of `hiervox.processors.mel_presets`."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from hiervox.processors.mel_presets import PRESETS, MelSection
from hiervox.processors.spectrogram import SpectrogramConfig

SECTION: TypeAdapter[SpectrogramConfig] = TypeAdapter(MelSection)


def test_keys_beside_a_preset_replace_its_own() -> None:
    found = SECTION.validate_python({"preset": "hifigan", "hop_length": 200})
    assert found == PRESETS["hifigan"].model_copy(update={"hop_length": 200})
    assert SECTION.validate_python("hifigan") == PRESETS["hifigan"]


@pytest.mark.parametrize("name", ["hifi", [3], {}, None])
def test_what_is_no_preset_is_named(name: Any) -> None:
    with pytest.raises(ValidationError, match="no mel preset"):
        SECTION.validate_python({"preset": name})
