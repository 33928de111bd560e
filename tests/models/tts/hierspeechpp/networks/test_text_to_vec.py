from __future__ import annotations

import pytest
import torch
from torch import nn

from hiervox.models.tts.hierspeechpp.networks.text_to_vec import TextToVec
from hiervox.models.tts.hierspeechpp.ttv_config import TextToVecConfig
from hiervox.utils.errors import CheckpointError
from tests.models.tts.hierspeechpp.tiny_text_to_vec import tiny_config


def tiny_model() -> TextToVec:
    """Not the initial weights, whose flows are identities."""
    torch.manual_seed(0)
    model = TextToVec(tiny_config())
    for parameter in model.parameters():
        if parameter.abs().max() == 0:
            nn.init.normal_(parameter, 0.0, 0.1)
    return model.eval()


def test_full_size_has_the_published_number_of_parameters() -> None:
    with torch.device("meta"):
        model = TextToVec(TextToVecConfig())
    assert sum(parameter.numel() for parameter in model.parameters()) == 108_542_704


def test_training_pass_aligns_every_token_and_slices_real_frames() -> None:
    model = tiny_model().train()
    semantic, mel = torch.randn(2, 6, 30), torch.randn(2, 80, 30)
    frame_lengths, token_lengths = torch.tensor([30, 10]), torch.tensor([7, 5])
    output = model(semantic, frame_lengths, torch.randint(0, 178, (2, 7)), token_lengths, (mel,))
    assert output.semantic.shape == semantic.shape
    assert output.prior_mean.shape == output.z_prior.shape == (2, 16, 30)
    assert output.phoneme_logits.shape == (2, 178, 30)
    assert output.duration_bound.shape == (2,)
    assert output.log_f0.shape == (2, 1, 48)
    assert output.slice_mask.sum((1, 2)).tolist() == [12, 10]  # the second clip is shorter than a slice
    assert (output.slice_starts + output.slice_mask.sum((1, 2)) <= frame_lengths).all()
    assert output.alignment.sum((1, 2)).tolist() == [30, 10]
    assert (output.alignment.sum(1)[1] > 0).tolist() == [True] * 5 + [False] * 2


def test_every_parameter_learns_from_the_training_pass() -> None:
    model = tiny_model().train()
    output = model(
        torch.randn(1, 6, 30),
        torch.tensor([30]),
        torch.randint(0, 178, (1, 7)),
        torch.tensor([7]),
        (torch.randn(1, 80, 30),),
    )
    terms = [output.semantic, output.z_prior, output.prior_mean, output.duration_bound]
    terms += [output.prior_log_std, output.posterior_log_std, output.phoneme_logits, output.log_f0]
    sum(term.square().sum() for term in terms).backward()
    without = [name for name, parameter in model.named_parameters() if parameter.grad is None]
    assert without == []


def test_inference_of_a_batch_is_that_of_its_items() -> None:
    model = tiny_model()
    tokens, lengths = torch.randint(0, 178, (2, 9)), torch.tensor([9, 5])
    mel, mel_mask = torch.randn(2, 80, 20), torch.ones(2, 1, 20)
    mel_mask[1, :, 13:] = 0
    style = model.style(mel, mel_mask)
    together = model.infer(tokens, lengths, style, noise_scale=0.0, duration_noise_scale=0.0)
    alone = model.infer(tokens[1:, :5], lengths[1:], model.style(mel[1:, :, :13]), 0.0, 0.0)
    frames = int(alone.frame_lengths)
    assert together.frame_lengths[1] == frames >= 5
    assert together.semantic.size(2) == int(together.frame_lengths.max())
    torch.testing.assert_close(together.semantic[1:, :, :frames], alone.semantic, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(together.log_f0[1:, :, : 4 * frames], alone.log_f0, atol=1e-4, rtol=1e-4)
    assert torch.equal(together.alignment[1:, :frames, :5], alone.alignment)
    assert together.semantic[1, :, frames:].abs().sum() == 0


def test_noise_comes_from_the_generator() -> None:
    model = tiny_model()
    tokens, lengths, style = torch.randint(0, 178, (1, 9)), torch.tensor([9]), torch.randn(1, 8, 1)
    one, same, other = (
        model.infer(tokens, lengths, style, generator=torch.Generator().manual_seed(seed))
        for seed in (1, 1, 2)
    )
    assert torch.equal(one.semantic, same.semantic)
    assert one.semantic.shape != other.semantic.shape or not torch.equal(one.semantic, other.semantic)


@pytest.mark.parametrize("factor", [2.0, 0.5])
def test_length_scale_stretches(factor: float) -> None:
    model = tiny_model()
    nn.init.constant_(model.duration_predictor.flow.offset, -2.0)  # longer than a frame
    tokens, lengths, style = torch.randint(0, 178, (1, 40)), torch.tensor([40]), torch.randn(1, 8, 1)
    plain, scaled = (model.infer(tokens, lengths, style, 0.0, 0.0, scale) for scale in (1.0, factor))
    ratio = int(scaled.frame_lengths) / int(plain.frame_lengths)
    assert ratio == pytest.approx(factor, rel=0.2)


@pytest.mark.parametrize("value", [8.0, float("nan")])
def test_durations_beyond_speech_are_refused(monkeypatch: pytest.MonkeyPatch, value: float) -> None:
    model = tiny_model()
    monkeypatch.setattr(model.duration_predictor, "sample", lambda hidden, mask, *rest: mask * value)
    style = model.style(torch.randn(1, 80, 13))
    with pytest.raises(CheckpointError, match="frames to a token"):
        model.infer(torch.randint(1, 178, (1, 7)), torch.tensor([7]), style)
