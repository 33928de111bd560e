from __future__ import annotations

import itertools

import torch

from hiervox.modules.functional.masking import sequence_mask
from hiervox.modules.losses.ctc import ctc_loss, forward_sum_loss, phoneme_evidence


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


def evidence(logits: torch.Tensor) -> torch.Tensor:
    """(1, V, T) → (V, T), by the definition; the blank, symbol 0, has nothing."""
    posterior = logits[0].clone()
    posterior[0] = -torch.inf
    posterior = posterior.softmax(0)
    return posterior.log() - posterior.mean(1, keepdim=True).log()


def test_the_forward_sum_is_that_over_all_segmentations() -> None:
    torch.manual_seed(0)
    logits, target = torch.randn(1, 3, 5), [1, 2, 2]
    scores, total = evidence(logits), 0.0
    for first, _ in itertools.combinations(range(1, 5), 2):
        labels = [1] * first + [2] * (5 - first)
        total += float(torch.stack([scores[label, frame] for frame, label in enumerate(labels)]).sum().exp())
    given = torch.tensor([5]), torch.tensor([target]), torch.tensor([3])
    expected = -torch.tensor(total).log() / 3
    torch.testing.assert_close(forward_sum_loss(logits, *given), expected)
    logits[:, 0] += 100
    torch.testing.assert_close(forward_sum_loss(logits, *given), expected)


def test_the_forward_sum_of_a_batch_sees_no_padding() -> None:
    torch.manual_seed(0)
    logits, targets = torch.randn(2, 4, 6), torch.tensor([[1, 2, 3], [3, 1, 0]])
    frames, lengths = torch.tensor([6, 4]), torch.tensor([3, 2])
    value = forward_sum_loss(logits, frames, targets, lengths)
    logits[1, :, 4:] = 50 * torch.randn(4, 2)
    torch.testing.assert_close(forward_sum_loss(logits, frames, targets, lengths), value)
    posterior = torch.cat([logits[0], logits[1, :, :4]], dim=1)[1:].softmax(0)
    prior = posterior.mean(1).log()
    heard = phoneme_evidence(logits, sequence_mask(frames, 6))
    torch.testing.assert_close(heard[1, 1:, :4], posterior[:, 6:].log() - prior.unsqueeze(1))


def test_the_forward_sum_finds_where_symbols_begin_and_end() -> None:
    """Each clip is symbols of one to six frames, the most frequent one between them."""
    generator = torch.Generator().manual_seed(0)
    codes = torch.randn(6, 8, generator=generator)
    clips, targets = [], []
    for _ in range(32):
        symbols = (torch.randperm(4, generator=generator) + 2).tolist()
        tokens = [1, *[token for symbol in symbols for token in (symbol, 1)]]
        durations = torch.randint(1, 7, (9,), generator=generator)
        clips.append(torch.tensor(tokens).repeat_interleave(durations))
        targets.append(tokens)
    frames = torch.tensor([len(clip) for clip in clips])
    truth = torch.nn.utils.rnn.pad_sequence(clips, batch_first=True)
    heard = codes[truth] + 0.3 * torch.randn(*truth.shape, 8, generator=generator)
    torch.manual_seed(0)
    classifier = torch.nn.Linear(8, 6)
    optimizer = torch.optim.Adam(classifier.parameters(), 0.1)
    for _ in range(60):
        logits = classifier(heard).mT
        loss = forward_sum_loss(logits, frames, torch.tensor(targets), torch.full((32,), 9))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    found = phoneme_evidence(logits, sequence_mask(frames, truth.shape[1])).argmax(1)
    right = torch.cat(
        [(one == other)[:length] for one, other, length in zip(found, truth, frames, strict=True)]
    )
    assert right.float().mean() > 0.95


def test_an_item_without_room_for_its_targets_counts_as_nothing() -> None:
    torch.manual_seed(0)
    logits, targets = torch.randn(2, 3, 4, requires_grad=True), torch.tensor([[1, 2, 1], [1, 0, 0]])
    both = ctc_loss(logits, torch.tensor([2, 4]), targets, torch.tensor([3, 1]))
    alone = ctc_loss(logits[1:], torch.tensor([4]), targets[1:, :1], torch.tensor([1]))
    torch.testing.assert_close(both, alone / 2)
    both.backward()
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()
