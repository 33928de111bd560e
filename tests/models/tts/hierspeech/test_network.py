"""Tests of `hiervox.models.tts.hierspeech.network` at a tiny size."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from hiervox.models.tts.hierspeech.config import TEXT_PARTS
from tests.models.tts.hierspeech.tiny_hierspeech import HOP_LENGTH, SEMANTIC, tiny_hierspeech

LENGTHS = torch.tensor([30, 20])


def _given() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(3)
    return torch.rand(2, 33, 30), torch.randn(2, SEMANTIC, 30), LENGTHS


def _text() -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randint(1, 178, (2, 7)), torch.tensor([7, 5])


@pytest.mark.parametrize("more", [{}, {"acoustic": False}, {"phonemes": False}])
def test_a_training_pass_reaches_every_weight(more: dict[str, Any]) -> None:
    network = tiny_hierspeech("table", **more).train()
    output = network(*_given(), _text(), torch.tensor([0, 1]))
    assert output.wav.shape == (2, 1, 4 * HOP_LENGTH)
    assert output.prior.alignment.sum((1, 2)).tolist() == [30, 20]
    terms = [output.wav, output.linguistic_as_text, output.linguistic.log_std, output.prior.mean]
    terms += [output.prior.log_std]
    if network.config.acoustic:
        terms += [output.acoustic_as_linguistic, output.acoustic.log_std]
    if network.config.phonemes:
        terms += [output.phoneme_logits]
    sum([term.square().sum() for term in terms], output.prior.duration_loss.sum()).backward()
    assert [name for name, parameter in network.named_parameters() if parameter.grad is None] == []


def test_without_a_text_nothing_that_reads_one_is_run() -> None:
    network = tiny_hierspeech("table").train()
    output = network(*_given(), None, torch.tensor([0, 1]))
    assert output.prior is output.phoneme_logits is output.linguistic_as_text is None
    (output.wav.square().sum() + output.acoustic_as_linguistic.square().sum()).backward()
    reached = {name.split(".")[0] for name, value in network.named_parameters() if value.grad is not None}
    assert reached == {"posterior_encoder", "acoustic_flow", "decoder", "speaker_table"}
    assert reached.isdisjoint(TEXT_PARTS)


@pytest.mark.parametrize("acoustic", [True, False])
def test_the_way_from_the_text_is_the_way_to_it_reversed(acoustic: bool) -> None:
    network = tiny_hierspeech("table", acoustic=acoustic).double()  # little is left at the edge
    z, mask = torch.randn(1, 8, 60).double(), torch.ones(1, 1, 60).double()
    style = network.table_style(torch.tensor([1]))
    carried = network.to_prior(z, mask, style)
    torch.testing.assert_close(network.from_prior(carried, mask, style), z)
    far, edge = z.clone(), z.clone()
    far[:, :, 20 + network.flow_context + 1 :] += 1
    torch.testing.assert_close(network.to_prior(far, mask, style)[:, :, :21], carried[:, :, :21])
    edge[:, :, 20 + network.flow_context] += 1
    assert not torch.equal(network.to_prior(edge, mask, style)[:, :, 20], carried[:, :, 20])


def test_both_flows_take_part_in_speaking() -> None:
    network = tiny_hierspeech()
    tokens, lengths = torch.randint(1, 178, (1, 9)), torch.tensor([9])
    silent: dict[str, Any] = {"noise_scale": 0.0, "duration_noise_scale": 0.0}
    before = network.infer(tokens, lengths, **silent)
    with torch.no_grad():
        for coupling in network.acoustic_flow.couplings:
            coupling.shift.bias += 1.0
    after = network.infer(tokens, lengths, **silent)
    assert torch.equal(before.durations, after.durations) and not torch.allclose(before.z, after.z)
