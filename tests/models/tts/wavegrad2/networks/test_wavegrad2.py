"""Tests of `hiervox.models.tts.wavegrad2.networks.wavegrad2` at a tiny size."""

from __future__ import annotations

import pytest
import torch

from hiervox.models.tts.wavegrad2.config import WaveGrad2Config
from hiervox.models.tts.wavegrad2.networks import wavegrad2 as module
from hiervox.utils.errors import CheckpointError
from tests.models.tts.wavegrad2.tiny_wavegrad2 import sizes, tiny_wavegrad2

TOKENS, LENGTHS = torch.tensor([[5, 9, 7, 5], [9, 7, 0, 0]]), torch.tensor([4, 2])


def test_a_text_is_read_as_if_alone() -> None:
    network = tiny_wavegrad2("table")
    style = network.table_style(torch.tensor([0, 1]))
    both = network.infer(TOKENS, LENGTHS, style)
    alone = network.infer(TOKENS[1:, :2], LENGTHS[1:], style[1:])
    frames = int(alone.frame_lengths)
    assert both.durations[1].tolist() == [*alone.durations[0].tolist(), 0, 0]
    torch.testing.assert_close(both.hidden[1, :, :frames], alone.hidden[0])
    assert not both.hidden[1, :, frames:].any()
    torch.testing.assert_close(both.alignment.sum(2), torch.ones_like(both.alignment.sum(2)))


def test_a_negative_duration_becomes_none() -> None:
    network = tiny_wavegrad2()
    plain = network.duration_predictor.forward

    def first_negative(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return plain(hidden, mask) * torch.tensor([-1.0, 1.0, 1.0, 1.0])

    network.duration_predictor.forward = first_negative  # type: ignore[method-assign]
    made = network.infer(TOKENS, LENGTHS)
    assert not made.durations[:, 0].any() and made.durations[0, 1:].all()


@pytest.mark.parametrize(
    ("factor", "message"), [(-1.0, "gives no token a frame"), (1e4, "frames to a token")]
)
def test_durations_that_no_speech_has_are_refused(factor: float, message: str) -> None:
    network = tiny_wavegrad2()
    with torch.no_grad():
        network.duration_predictor.projection.weight.mul_(factor)
    with pytest.raises(CheckpointError, match=message):
        network.infer(TOKENS, LENGTHS)


def test_durations_can_be_given_and_scaled() -> None:
    network = tiny_wavegrad2()
    given = torch.tensor([[3, 1, 4, 1], [5, 9, 0, 0]])
    assert network.infer(TOKENS, LENGTHS, durations=given).frame_lengths.tolist() == [9, 14]
    plain = network.infer(TOKENS, LENGTHS).durations.sum()
    assert network.infer(TOKENS, LENGTHS, length_scale=3.0).durations.sum() > 2 * plain


def test_windows_give_what_the_whole_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    network = tiny_wavegrad2()
    hidden = torch.randn(1, 8, 70)
    noises = [torch.randn(1, 70 * 16) for _ in range(3)]
    whole = network.generate(hidden, network.config.schedule(), noises)
    monkeypatch.setattr(module, "WINDOW_FRAMES", 9)
    torch.testing.assert_close(network.generate(hidden, network.config.schedule(), noises), whole)


def test_schedules_that_were_found_take_the_place_of_respaced_ones() -> None:
    config = WaveGrad2Config.model_validate(sizes(schedules=[[0.1, 0.2]]))
    assert config.schedule(2).betas.tolist() == pytest.approx([0.1, 0.2])
    assert len(config.schedule()) == 3
    end = config.decoder.schedule.signal_levels[-1]
    torch.testing.assert_close(config.schedule(50).signal_levels[-1], end)
