from __future__ import annotations

import itertools

import torch

from modules.losses.ctc import ctc_loss


def test_ctc_is_the_sum_over_all_labelings() -> None:
    torch.manual_seed(0)
    logits, target = torch.randn(1, 3, 4), [1, 2]
    probabilities = logits[0].softmax(0)
    total = 0.0
    for labels in itertools.product(range(3), repeat=4):
        collapsed = [label for label, _ in itertools.groupby(labels) if label != 0]
        if collapsed == target:
            total += float(
                torch.stack([probabilities[label, frame] for frame, label in enumerate(labels)]).prod()
            )
    expected = -torch.tensor(total).log() / len(target)
    value = ctc_loss(logits, torch.tensor([4]), torch.tensor([target]), torch.tensor([2]))
    torch.testing.assert_close(value, expected)


def test_an_item_without_room_for_its_targets_counts_as_nothing() -> None:
    torch.manual_seed(0)
    logits, targets = torch.randn(2, 3, 4, requires_grad=True), torch.tensor([[1, 2, 1], [1, 0, 0]])
    both = ctc_loss(logits, torch.tensor([2, 4]), targets, torch.tensor([3, 1]))
    alone = ctc_loss(logits[1:], torch.tensor([4]), targets[1:, :1], torch.tensor([1]))
    torch.testing.assert_close(both, alone / 2)
    both.backward()
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()
