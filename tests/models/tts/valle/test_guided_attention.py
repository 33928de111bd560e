"""Tests of `hiervox.models.tts.valle.guided_attention`."""

from __future__ import annotations

import math

import torch

from hiervox.models.tts.valle.guided_attention import guided_attention

ALL = torch.ones(1, 1, 4)


def test_the_diagonal_costs_nothing_and_what_is_beside_it_what_the_paper_says() -> None:
    diagonal = torch.eye(4)[None, None]
    torch.testing.assert_close(guided_attention(diagonal, ALL, ALL), torch.tensor(0.0))
    shifted = diagonal.roll(1, 2)  # three frames look a quarter ahead or behind, one three quarters
    near, far = (1 - math.exp(-((share / 0.2) ** 2) / 2) for share in (0.25, 0.75))
    torch.testing.assert_close(guided_attention(shifted, ALL, ALL), torch.tensor((3 * near + far) / 4))


def test_attention_to_no_text_is_off_the_diagonal() -> None:
    torch.testing.assert_close(guided_attention(torch.zeros(1, 1, 4, 4), ALL, ALL), torch.tensor(1.0))


def test_padding_does_not_count() -> None:
    weights = torch.rand(2, 3, 6, 5)
    text, frames = torch.ones(2, 1, 5), torch.ones(2, 1, 6)
    text[1, :, 3:], frames[1, :, 4:] = 0, 0
    alone = [
        guided_attention(weights[:1], text[:1], frames[:1]),
        guided_attention(weights[1:, :, :4, :3], text[1:, :, :3], frames[1:, :, :4]),
    ]
    torch.testing.assert_close(guided_attention(weights, text, frames), (6 * alone[0] + 4 * alone[1]) / 10)
