"""The options of text-to-vec at a tiny size."""

from __future__ import annotations

import torch
from torch import nn

from hiervox.models.tts.hierspeechpp.lite.networks.text_to_vec import LiteTextToVec, _phoneme_scores
from hiervox.models.tts.hierspeechpp.networks.text_to_vec import TextToVec
from hiervox.modules.alignment.monotonic import maximum_path
from tests.models.tts.hierspeechpp.lite.tiny import lite_text_to_vec
from tests.models.tts.hierspeechpp.tiny_text_to_vec import tiny_config


def tiny_model() -> LiteTextToVec:
    """Not the initial weights, whose flows are identities."""
    torch.manual_seed(0)
    model = LiteTextToVec(lite_text_to_vec())
    for parameter in model.parameters():
        if parameter.abs().max() == 0:
            nn.init.normal_(parameter, 0.0, 0.1)
    return model.eval()


@torch.no_grad()
def test_without_options_it_is_the_published_one() -> None:
    lite, published = tiny_model().train(), TextToVec(tiny_config())
    published.load_state_dict(lite.state_dict())
    semantic, mel, tokens = torch.randn(1, 6, 30), torch.randn(1, 80, 30), torch.randint(0, 178, (1, 7))
    outputs, spoken = [], []
    for network in (published, lite):
        torch.manual_seed(1)
        outputs.append(network(semantic, torch.tensor([30]), tokens, torch.tensor([7]), (mel,)))
        network.eval()
        spoken.append(network.infer(tokens, torch.tensor([7]), network.style(mel), 0.0, 0.0))
    assert torch.equal(outputs[0].semantic, outputs[1].semantic)
    assert torch.equal(outputs[0].log_f0, outputs[1].log_f0)
    assert torch.equal(spoken[0].log_f0, spoken[1].log_f0)


def test_prior_temperature_is_a_factor_of_the_noise_scale() -> None:
    model = tiny_model()
    tokens, lengths, style = torch.randint(0, 178, (1, 9)), torch.tensor([9]), torch.randn(1, 8, 1)

    def semantic(temperature: float, noise_scale: float) -> torch.Tensor:
        model.config = lite_text_to_vec(prior_temperature=temperature)
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
        duration = {**tiny_config().duration.model_dump(), "noise": factor}
        model.config = lite_text_to_vec(duration=duration)
        generators = [torch.Generator().manual_seed(seed) for seed in (1, 2)]
        return model.infer(
            tokens, lengths, style, 0.0, noise_scale, generator=generators
        ).frame_lengths.tolist()

    assert frames(0.5, 0.8) == frames(1.0, 0.4) != frames(1.0, 0.8)
    assert frames(0.0, 1.0) == frames(1.0, 0.0)


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
    config = lite_text_to_vec(alignment_ctc=1e3)
    network = LiteTextToVec(config).eval()
    tokens = torch.tensor([[0, 5, 0, 7, 0]])
    semantic, mel = torch.randn(1, 6, 20), torch.randn(1, 80, 20)
    with torch.no_grad():
        torch.manual_seed(1)
        output = network(semantic, torch.tensor([20]), tokens, torch.tensor([5]), (mel,))
        scores = _phoneme_scores(output.phoneme_logits, tokens)
        assert torch.equal(output.alignment, maximum_path(scores, torch.ones_like(scores)))
