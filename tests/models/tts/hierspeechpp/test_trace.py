"""The stages of HierSpeech++, of text and of a recording."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import hiervox
from hiervox.models.base.pipelines.trace import Stage, Subject
from hiervox.models.tts.hierspeechpp.lite.networks.contour_predictor import ContourSizes
from tests.models.tts.hierspeechpp.tiny_bundle import voice, write_tiny_bundle

PROMPT = voice(1.0), 16_000


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Any:
    loaded = hiervox.load(write_tiny_bundle(tmp_path_factory.mktemp("tiny")), device="cpu")
    network = loaded.synthesizer.networks.synthesizer
    for flow in (network.agnostic_flow, network.related_flow):
        for parameter in flow.parameters():
            if not parameter.any():  # which makes flows before training hand on what they get
                torch.nn.init.normal_(parameter, std=0.1)
    return loaded


def sound(stage: Stage) -> np.ndarray:
    assert stage.sound is not None
    return stage.sound[0]


def test_the_three_latents_go_up_to_the_sound(pipeline: Any) -> None:
    stages = list(pipeline.trace(Subject(text="Hello there.", voice=PROMPT)))
    named = {stage.name: stage for stage in stages}
    latents = [stage for stage in stages if stage.series == "latents"]
    assert [stage.name for stage in latents] == ["speaker-agnostic", "speaker-related", "acoustic"]
    shapes = {stage.array.shape for stage in latents if stage.array is not None}
    assert len(shapes) == 1
    np.testing.assert_allclose(sound(latents[2]), sound(named["result"]), atol=1e-4)
    assert np.abs(sound(latents[0]) - sound(latents[1])).max() > 1e-4
    assert np.abs(sound(latents[1]) - sound(latents[2])).max() > 1e-4
    alignment, semantic, prosody = (
        named[name].array for name in ("alignment", "semantic vectors", "prosody")
    )
    assert alignment is not None and semantic is not None and prosody is not None
    assert len(alignment) == semantic.shape[1] == prosody.shape[1]
    hz = named["prosody"].bin_hz
    assert hz is not None and len(hz) == len(prosody)
    assert named["F0 of the source network"].seconds == pytest.approx(len(alignment) / 50)
    bands = [stage for stage in stages if stage.series == "super-resolution"]
    assert [stage.name for stage in bands] == ["16000 Hz", "24000 Hz", "48000 Hz"]
    assert {stage.sound[1] for stage in bands if stage.sound} == {48_000}


def test_a_recording_goes_the_same_way(pipeline: Any) -> None:
    stages = list(pipeline.trace(Subject(recording=(voice(1.0, 150), 16_000), voice=PROMPT)))
    named = {stage.name: stage for stage in stages}
    np.testing.assert_allclose(sound(named["acoustic"]), sound(named["result"]), atol=1e-4)
    assert stages[0].name == "source" and named["F0"].array is not None


def test_a_lite_generator_is_driven_by_the_f0_of_the_speech(tmp_path: Path) -> None:
    lite = hiervox.load(write_tiny_bundle(tmp_path, contour=ContourSizes()), device="cpu")
    named = {stage.name: stage for stage in lite.trace(Subject(text="Hello.", voice=PROMPT))}
    np.testing.assert_allclose(sound(named["acoustic"]), sound(named["result"]), atol=1e-4)
