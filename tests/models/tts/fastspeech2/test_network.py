"""Tests of `hiervox.models.tts.fastspeech2.network` that golden files don't hold."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from hiervox.models.tts._variance.variance_adaptor import VarianceControls
from tests.models.tts.fastspeech2.tiny_fastspeech2 import tiny_fastspeech2

TOKENS = torch.tensor([[5, 9, 7, 5, 6], [9, 7, 0, 0, 0]])
LENGTHS = torch.tensor([5, 2])


@pytest.mark.parametrize("level", ["token", "frame"])
def test_an_item_does_not_depend_on_its_batch(level: str) -> None:
    network = tiny_fastspeech2(pitch={"level": level}, energy={"level": level})
    both = network.infer(TOKENS, LENGTHS)
    alone = network.infer(TOKENS[1:, :2], LENGTHS[1:])
    frames = int(alone.variances.frame_lengths)
    assert frames == int(both.variances.frame_lengths[1]) > 2
    assert torch.allclose(both.post_net_mel[1, :, :frames], alone.post_net_mel[0], atol=1e-5)


def test_padding_is_seen_as_published() -> None:
    network = tiny_fastspeech2(mask_padding=False)
    both = network.infer(TOKENS, LENGTHS).variances.log_durations[1, :, :2]
    alone = network.infer(TOKENS[1:, :2], LENGTHS[1:]).variances.log_durations[0]
    assert not torch.allclose(both, alone, atol=1e-4)


@pytest.mark.parametrize("name, other", [("pitch", "energy"), ("energy", "pitch")])
def test_each_control_is_its_own(name: str, other: str) -> None:
    network = tiny_fastspeech2()
    raised: Any = {name: lambda values, durations: values + 2}
    plain = network.infer(TOKENS, LENGTHS)
    changed = network.infer(TOKENS, LENGTHS, controls=VarianceControls(**raised))
    difference = getattr(changed.variances, name) - getattr(plain.variances, name)
    assert torch.allclose(difference[0], torch.tensor(2.0), atol=1e-5)
    if other == "pitch":  # predicted before
        assert torch.equal(changed.variances.pitch, plain.variances.pitch)
    assert not torch.allclose(changed.mel, plain.mel, atol=1e-3)
