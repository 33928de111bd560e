"""The box recipe's training of a phonetic bottleneck."""

from __future__ import annotations

import importlib
from types import ModuleType

import pytest
import torch

from tests.conftest import REPOSITORY


@pytest.fixture
def train_bottleneck(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(REPOSITORY / "egs" / "tts" / "hierspeechpp" / "box" / "research"))
    return importlib.import_module("train_bottleneck")


def test_phonemes_get_through_and_other_variance_does_not(
    train_bottleneck: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(train_bottleneck, "HIDDEN_CHANNELS", 32)
    monkeypatch.setattr(train_bottleneck, "NOISE", 0.1)
    generator = torch.Generator().manual_seed(0)
    codes = torch.randn(6, 4, generator=generator)
    clips, labels = [], []
    for _ in range(30):
        tokens = torch.randperm(5, generator=generator)[:4] + 1
        frames = tokens.repeat_interleave(5)
        nuisance = 2 * torch.randn(len(frames), 12, generator=generator)
        clips.append(train_bottleneck.Clip([torch.cat([codes[frames], nuisance], dim=1)], tokens))
        labels.append(frames)
    network = train_bottleneck.train(clips, channels=4, steps=150).eval()
    printed = capsys.readouterr().out
    assert "step 150: loss" in printed

    with torch.no_grad():
        narrow = torch.cat([network(clip.features[0].T[None])[0].T for clip in clips])
    frames = torch.cat(labels)
    means = torch.stack([narrow[frames == label].mean(0) for label in range(1, 6)])[frames - 1]
    explained = 1 - (narrow - means).square().sum() / (narrow - narrow.mean(0)).square().sum()
    assert explained > 0.3  # of the input it is a twelfth
    again = train_bottleneck.train(clips, channels=4, steps=3)
    assert torch.equal(again.first.weight, train_bottleneck.train(clips, channels=4, steps=3).first.weight)
