from __future__ import annotations

import pytest
import torch
from torch import nn

from hiervox.models.tts.hierspeechpp.networks.text_to_vec import TextToVec, _phoneme_scores
from hiervox.models.tts.hierspeechpp.ttv_config import TextToVecConfig
from hiervox.modules.alignment.monotonic import maximum_path
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
    output = model(semantic, frame_lengths, torch.randint(0, 178, (2, 7)), token_lengths, mel)
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
        torch.randn(1, 80, 30),
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


def test_prior_noise_is_a_factor_of_the_noise_scale() -> None:
    model = tiny_model()
    tokens, lengths, style = torch.randint(0, 178, (1, 9)), torch.tensor([9]), torch.randn(1, 8, 1)

    def semantic(prior_noise: float, noise_scale: float) -> torch.Tensor:
        model.config = tiny_config().model_copy(update={"prior_noise": prior_noise})
        return model.infer(
            tokens, lengths, style, noise_scale, 0.0, generator=torch.Generator().manual_seed(1)
        ).semantic

    torch.testing.assert_close(semantic(0.5, 0.6), semantic(1.0, 0.3))
    assert not torch.allclose(semantic(0.5, 0.6), semantic(1.0, 0.6))


def test_duration_noise_is_a_factor_of_the_noise_scale() -> None:
    model = tiny_model()
    nn.init.constant_(model.duration_predictor.flow.offset, -2.0)  # longer than a frame
    tokens, lengths, style = torch.randint(0, 178, (2, 40)), torch.tensor([40, 40]), torch.randn(2, 8, 1)

    def frames(factor: float, noise_scale: float) -> list[int]:
        duration = tiny_config().duration.model_copy(update={"noise": factor})
        model.config = tiny_config().model_copy(update={"duration": duration})
        generators = [torch.Generator().manual_seed(seed) for seed in (1, 2)]
        return model.infer(
            tokens, lengths, style, 0.0, noise_scale, generator=generators
        ).frame_lengths.tolist()

    assert frames(0.5, 0.8) == frames(1.0, 0.4) != frames(1.0, 0.8)
    assert frames(0.0, 1.0) == frames(1.0, 0.0)


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


def test_phoneme_scores_align_tokens_with_the_frames_that_sound_like_them() -> None:
    heard = torch.tensor([[0, 2, 2, 0, 3, 0]])
    logits = 5 * torch.nn.functional.one_hot(heard, 4).float().transpose(1, 2)
    scores = _phoneme_scores(logits, torch.tensor([[0, 2, 0, 3, 0]]))
    assert scores.shape == (1, 6, 5)
    assert maximum_path(scores, torch.ones_like(scores)).sum(1).tolist() == [[1, 2, 1, 1, 1]]


def test_without_blanks_the_blank_says_nothing_about_the_alignment() -> None:
    heard = torch.tensor([[2, 2, 2, 3, 3, 3]])
    logits = 5 * torch.nn.functional.one_hot(heard, 4).float().transpose(1, 2)
    logits[:, 0] = 20
    scores = _phoneme_scores(logits, torch.tensor([[2, 3]]), torch.ones(1, 1, 6))
    assert maximum_path(scores, torch.ones_like(scores)).sum(1).tolist() == [[3, 3]]


def test_the_classifier_takes_part_in_the_alignment_where_it_is_told_to() -> None:
    torch.manual_seed(0)
    config = tiny_config().model_copy(update={"alignment_ctc": 1e3})
    network = TextToVec(config).eval()
    tokens = torch.tensor([[0, 5, 0, 7, 0]])
    semantic, mel = torch.randn(1, 6, 20), torch.randn(1, 80, 20)
    with torch.no_grad():
        torch.manual_seed(1)
        output = network(semantic, torch.tensor([20]), tokens, torch.tensor([5]), mel)
        scores = _phoneme_scores(output.phoneme_logits, tokens)
        assert torch.equal(output.alignment, maximum_path(scores, torch.ones_like(scores)))
