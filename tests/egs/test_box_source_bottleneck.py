"""The box recipe's training of a bottleneck for noisy sources."""

from __future__ import annotations

import importlib
from types import ModuleType

import numpy as np
import pytest
import torch

from tests.conftest import REPOSITORY


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(REPOSITORY / "egs" / "tts" / "hierspeechpp" / "box" / "research"))
    module = importlib.import_module("train_source_bottleneck")
    monkeypatch.setattr(module, "HIDDEN_CHANNELS", 16)
    monkeypatch.setattr(module, "N_BLOCKS", 1)
    monkeypatch.setattr(module, "BATCH", 6)
    monkeypatch.setattr(module, "LEARNING_RATE", 1e-2)
    monkeypatch.setattr(module, "WARMUP_STEPS", 10)
    return module


def test_noisy_vectors_are_heard_as_clean_ones(
    recipe: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    generator = torch.Generator().manual_seed(0)
    codes = torch.randn(6, 8, generator=generator)
    targets = 2 * torch.rand(6, 3, generator=generator) - 1
    clips = []
    for length in range(20, 50):
        frames = torch.randint(6, (length // 4,), generator=generator).repeat_interleave(4)
        clean = codes[frames]
        noisy = clean + 0.5 * torch.randn(clean.shape, generator=generator)
        clips.append(recipe.Clip([clean.half(), noisy.half()], targets[frames].half()))
    network = recipe.train(clips, steps=150).eval()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["step 100", "step 150"]
    assert recipe._dev_error(network, clips, 1) < 0.1 * targets.var()
    again = [recipe.train(clips, steps=2).first.weight for _ in range(2)]
    assert torch.equal(*again)


def test_a_copy_is_as_long_as_the_recording_and_the_same_each_time(recipe: ModuleType) -> None:
    wav = (0.1 * np.sin(np.arange(16000) / 20)).astype(np.float32)
    copies = [recipe.noisy_copy(wav, id, 1) for id in ("a", "a", "b", "c")]
    assert all(copy.shape == wav.shape and copy.dtype == np.float32 for copy in copies)
    assert (copies[0] == copies[1]).all() and (copies[0] != copies[2]).any()
    assert sum((recipe.noisy_copy(wav, str(number), 0) != wav).any() for number in range(20)) > 14
