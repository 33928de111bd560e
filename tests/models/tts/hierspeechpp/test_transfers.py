"""How often a sentence and a conversion read a value or a waveform back from a device, counted on a CPU."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import hiervox
from hiervox.models.sr.speechsr.pipeline import GPU_WINDOW
from hiervox.models.tts.hierspeechpp import speaking
from tests.models.test_broken_weights import RATE, WAV
from tests.models.tts.hierspeechpp.tiny_bundle import write_tiny_bundle

READING = ("cpu", "tolist", "item", "__int__", "__float__", "__bool__", "__index__")
PACKAGE = Path(speaking.__file__).parents[3]


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """Files of the package that read from tensors, which on a GPU wait and copy."""
    found: Counter[str] = Counter()

    def spied(read: Callable[..., Any]) -> Callable[..., Any]:
        def reading(tensor: torch.Tensor, *rest: Any) -> Any:
            frames = reversed(traceback.extract_stack()[:-1])
            own = next((frame for frame in frames if Path(frame.filename).is_relative_to(PACKAGE)), None)
            if own is not None:
                found[Path(own.filename).name] += 1
            return read(tensor, *rest)

        return reading

    for name in READING:
        monkeypatch.setattr(torch.Tensor, name, spied(getattr(torch.Tensor, name)))
    yield found


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Any:
    pipeline = hiervox.load(write_tiny_bundle(tmp_path_factory.mktemp("transfers") / "tiny"), device="cpu")
    pipeline.rates.upsampler(24_000).window = GPU_WINDOW
    return pipeline


def test_a_sentence_is_read_back_eight_times(pipeline: Any, reads: Counter[str]) -> None:
    voice, controls = pipeline.voice((WAV, RATE)), pipeline.controls(rate=24_000)
    reads.clear()
    pipeline.tts("Hello there.", voice, controls)
    assert reads == {
        "text_to_vec.py": 2,  # tokens and frames of each item
        "durations.py": 1,  # whether they are possible
        "speaking.py": 3,  # durations, F0, and the waveform
        "pipeline.py": 2,  # the waveform, upsampled as it comes, and its end
    }


def test_a_conversion_is_read_back_three_times(pipeline: Any, reads: Counter[str]) -> None:
    voice, controls = pipeline.voice((WAV, RATE)), pipeline.controls(rate=24_000)
    pipeline.vc((WAV, RATE), voice, controls)  # tables are made
    reads.clear()
    pipeline.vc((WAV, RATE), voice, controls)
    assert reads == {"segments.py": 1, "pipeline.py": 2}  # the waveform, and upsampled
