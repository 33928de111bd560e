"""Tests of Matcha-TTS' networks at a tiny size, beyond golden files."""

from __future__ import annotations

import pytest
import torch

from hiervox.models.tts.matcha_tts.config import MatchaConfig
from hiervox.utils.errors import CheckpointError
from tests.models.tts.matcha_tts.tiny_matcha_tts import sizes, tiny_matcha_tts


def test_items_do_not_depend_on_their_batch_and_padding_is_not_attended_to() -> None:
    network = tiny_matcha_tts("table")
    tokens, lengths = torch.tensor([[5, 9, 7, 5, 4, 4], [9, 7, 3, 0, 0, 0]]), torch.tensor([6, 3])
    style = network.table_style(torch.tensor([0, 1]))
    both = network.infer(tokens, lengths, style, generator=[torch.Generator().manual_seed(k) for k in (1, 2)])
    alone = network.infer(
        tokens[1:, :3], lengths[1:], style[1:], generator=[torch.Generator().manual_seed(2)]
    )
    frames = int(alone.frame_lengths[0])
    assert both.frame_lengths[1] == frames and not both.frames[1, :, frames:].any()
    torch.testing.assert_close(both.frames[1:, :, :frames], alone.frames)


def test_speed_steps_and_solver_change_what_is_spoken() -> None:
    network = tiny_matcha_tts()
    tokens, lengths = torch.tensor([[5, 9, 7, 5]]), torch.tensor([4])
    plain = network.infer(tokens, lengths, temperature=0.0)
    slow = network.infer(tokens, lengths, temperature=0.0, length_scale=2.5)
    assert int(slow.frame_lengths[0]) == int(2.5 * plain.durations.sum())
    assert slow.durations.sum() == slow.frame_lengths[0]
    for other in ({"steps": 2}, {"solver": "midpoint"}, {"temperature": 1.0}):
        made = network.infer(tokens, lengths, **({"temperature": 0.0} | other))  # type: ignore[arg-type]
        assert made.frames.shape == plain.frames.shape and not torch.allclose(
            made.frames, plain.frames, atol=1e-3
        )


def test_durations_beyond_speech_are_refused() -> None:
    network = tiny_matcha_tts()
    torch.nn.init.constant_(network.duration_predictor.projection.bias, 30.0)
    with pytest.raises(CheckpointError, match="frames to a token"):
        network.infer(torch.tensor([[5, 9]]), torch.tensor([2]))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"channels": 18}, "sum to a multiple of 8"),
        ({"segment_frames": 18}, "segment_frames must be a multiple of 4"),
        ({"decoder": {"channels": [12]}}, "multiples of 8"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MatchaConfig.model_validate(sizes(**wrong))
