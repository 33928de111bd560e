"""Tests of `hiervox.models.tts.valle.networks.non_autoregressive`; agreement is a golden case."""

from __future__ import annotations

import pytest
import torch

from tests.models.tts.valle.tiny_valle import tiny_non_autoregressive


def test_a_stage_reads_nothing_of_its_own_book_behind_the_prompt() -> None:
    network = tiny_non_autoregressive()
    tokens, codes = torch.randint(1, 178, (1, 5)), torch.randint(0, 16, (1, 8, 4))
    lengths = torch.tensor([5]), torch.tensor([8])
    changed = codes.clone()
    changed[:, 3:, 2:] = (changed[:, 3:, 2:] + 1) % 16
    with torch.no_grad():
        first, second = (network(tokens, lengths[0], c, lengths[1], 2, 3) for c in (codes, changed))
        assert torch.equal(first, second)
        changed[:, 0, 3] = (changed[:, 0, 3] + 1) % 16
        assert not torch.equal(network(tokens, lengths[0], changed, lengths[1], 2, 3), first)


def test_padding_changes_nothing() -> None:
    network = tiny_non_autoregressive()
    tokens, codes = torch.randint(1, 178, (1, 5)), torch.randint(0, 16, (1, 8, 4))
    with torch.no_grad():
        alone = network(tokens, torch.tensor([5]), codes, torch.tensor([8]), 1, 2)
        padded = network(
            torch.cat([tokens, tokens], 1),
            torch.tensor([5]),
            torch.cat([codes, codes], 1),
            torch.tensor([8]),
            1,
            2,
        )
    torch.testing.assert_close(padded[:, :6], alone)


@pytest.mark.parametrize("prompt", ["none", "beginning", "excerpt"])
def test_what_is_written_is_the_most_likely(prompt: str) -> None:
    network = tiny_non_autoregressive(prompt=prompt)
    tokens, before = torch.randint(1, 178, (1, 5)), torch.randint(0, 16, (1, 4, 4))
    written = network.write(tokens, before, torch.randint(0, 16, (1, 6)))
    assert written.shape == (1, 6, 4)
    if prompt == "none":
        return
    whole, lengths = torch.cat([before, written], 1), (torch.tensor([5]), torch.tensor([10]))
    for stage in range(1, 4):
        with torch.no_grad():
            logits = network(tokens, lengths[0], whole, lengths[1], stage, 4)
        assert torch.equal(logits.argmax(-1), written[..., stage])
