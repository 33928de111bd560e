from __future__ import annotations

import torch

from hiervox.models.tts.hierspeechpp.losses.text_to_vec import semantic_l1


def test_semantic_l1_divides_by_padding_too() -> None:
    predicted, target = torch.zeros(1, 2, 4), torch.zeros(1, 2, 4)
    target[:, :, :2] = 3.0
    assert float(semantic_l1(predicted, target)) == 1.5
