"""Tests of `hiervox.models.tts._flow.network` at a tiny size."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from hiervox.models.tts._flow.task import flow_losses
from hiervox.utils.errors import CheckpointError
from tests.models.tts.glow_tts.tiny_glow_tts import tiny_glow_tts


def _inputs() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    torch.manual_seed(0)
    tokens = torch.randint(1, 178, (2, 5))
    return torch.randn(2, 10, 23), torch.tensor([23, 14]), tokens, torch.tensor([5, 3])


@torch.no_grad()
def test_the_flow_goes_both_ways_and_counts_its_volume() -> None:
    network = tiny_glow_tts("table")
    frames, lengths, tokens, token_lengths = _inputs()
    speakers = torch.tensor([0, 1])
    output = network(frames, lengths, tokens, token_lengths, speakers)
    assert output.z.shape == (2, 10, 22) and output.mask.sum().item() == 36
    back = network.flow.inverse(output.z, output.mask, network.table_style(speakers))
    torch.testing.assert_close(back, frames[:, :, :22] * output.mask, atol=1e-4, rtol=1e-4)
    # the determinant of the Jacobian of one short item
    short, mask = frames[:1, :, :4], torch.ones(1, 1, 4)
    style = network.table_style(speakers[:1])
    jacobian = torch.autograd.functional.jacobian(lambda x: network.flow(x, mask, style)[0], short)
    expected = torch.linalg.slogdet(jacobian.reshape(40, 40)).logabsdet
    torch.testing.assert_close(network.flow(short, mask, style)[1][0], expected, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_an_item_does_not_depend_on_its_batch() -> None:
    network = tiny_glow_tts()
    frames, lengths, tokens, token_lengths = _inputs()
    output = network(frames, lengths, tokens, token_lengths)
    alone = network(frames[1:, :, :14], lengths[1:], tokens[1:, :3], token_lengths[1:])
    torch.testing.assert_close(output.z[1:, :, :14], alone.z, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(output.log_determinant[1:], alone.log_determinant)
    noise = [torch.Generator().manual_seed(seed) for seed in (1, 2)]
    both = network.infer(tokens, token_lengths, length_scale=3.0, generator=noise)
    own = [torch.Generator().manual_seed(2)]
    one = network.infer(tokens[1:, :3], token_lengths[1:], length_scale=3.0, generator=own)
    count = int(one.frame_lengths)
    assert count == int(both.frame_lengths[1]) and count == int(one.durations.sum())
    torch.testing.assert_close(both.frames[1:, :, :count], one.frames, atol=1e-5, rtol=1e-4)


def test_the_first_training_batch_sets_the_norms() -> None:
    network = tiny_glow_tts()
    for block in network.flow.blocks:
        torch.nn.init.zeros_(block.norm.log_scale)
        torch.nn.init.zeros_(block.norm.offset)
    network.flow.set_norms_by_next_batch()
    frames, lengths, tokens, token_lengths = _inputs()
    first = network.flow.blocks[0].norm
    network(frames, lengths, tokens, token_lengths)
    assert not first.log_scale.any()  # not in eval mode
    network.train()
    network(5 * frames + 2, lengths, tokens, token_lengths)
    whole = torch.ones(1, 1, 7)
    squeezed = torch.cat([5 * frames[1:, :, :14:2] + 2, 5 * frames[1:, :, 1:14:2] + 2], dim=1)
    assert first.log_scale.mean().item() == pytest.approx(-torch.tensor(5.0).log().item(), abs=0.4)
    assert first(squeezed, whole)[0].mean().abs() < 0.3
    kept = first.log_scale.clone()
    network.flow.set_norms_by_next_batch()  # a resumed run: a checkpoint has set them
    network(frames, lengths, tokens, token_lengths)
    assert torch.equal(first.log_scale, kept)


def test_durations_teach_the_speaker_but_not_the_text() -> None:
    network = tiny_glow_tts("table").train()
    frames, lengths, tokens, token_lengths = _inputs()
    output = network(frames, lengths, tokens, token_lengths, torch.tensor([0, 1]))
    flow_losses(output)["duration"].backward()
    assert network.text_encoder.embedding.weight.grad is None
    assert network.speaker_table.weight.grad.abs().sum() > 0


def test_durations_beyond_speech_are_refused() -> None:
    network = tiny_glow_tts()
    torch.nn.init.constant_(network.duration_predictor.projection.bias, 9.0)
    with pytest.raises(CheckpointError, match="frames to a token"):
        network.infer(torch.ones(1, 3, dtype=torch.long), torch.tensor([3]))
