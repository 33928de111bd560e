"""Distances in what other networks hear."""

from __future__ import annotations

import torch

from hiervox.models.tts.hierspeechpp.lite.losses import speaker_distance, standardized_l1


def test_a_voice_is_nearest_to_itself_at_any_length() -> None:
    voice = torch.tensor([[1.0, 2.0], [0.5, -1.0]])
    torch.testing.assert_close(speaker_distance(3 * voice, voice), torch.tensor(0.0))
    torch.testing.assert_close(speaker_distance(-voice, voice), torch.tensor(2.0))


def test_each_channel_counts_in_its_own_deviation() -> None:
    wanted = torch.randn(2, 3, 50)
    scales = torch.tensor([1.0, 10.0, 100.0])[:, None]
    mask = torch.ones(2, 1, 50)
    made = wanted + torch.randn_like(wanted)
    torch.testing.assert_close(
        standardized_l1(made, wanted, mask), standardized_l1(made * scales, wanted * scales, mask)
    )


def test_padding_does_not_count() -> None:
    wanted, made = torch.randn(1, 3, 40), torch.randn(1, 3, 40)
    mask = torch.ones(1, 1, 40)
    mask[..., 30:] = 0
    whole = standardized_l1(made[..., :30], wanted[..., :30], mask[..., :30])
    torch.testing.assert_close(standardized_l1(made, wanted, mask), whole)
