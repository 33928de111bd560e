from __future__ import annotations

import torch

from modules.losses.text_to_vec import log_f0_l1, semantic_l1


def test_semantic_l1_divides_by_padding_too() -> None:
    predicted, target = torch.zeros(1, 2, 4), torch.zeros(1, 2, 4)
    target[:, :, :2] = 3.0
    assert float(semantic_l1(predicted, target)) == 1.5


def test_log_f0_l1_keeps_to_real_frames() -> None:
    predicted, target = torch.tensor([[[1.0, 2.0, 9.0]]]), torch.tensor([[[2.0, 5.0, 0.0]]])
    assert float(log_f0_l1(predicted, target, torch.tensor([[[1.0, 1.0, 0.0]]]))) == 2.0
