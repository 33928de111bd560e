from __future__ import annotations

import math

import torch

from hiervox.models.tts.hierspeechpp.lite.networks.contour_predictor import (
    LOG_F0_DEVIATION,
    ContourPredictor,
    ContourSizes,
    pitch_values,
)
from hiervox.models.tts.hierspeechpp.lite.networks.voice_encoder import SpeakerEncoderSizes

SIZES = ContourSizes(
    channels=8,
    dilations=(1, 3),
    fine_channels=4,
    fine_dilations=(1,),
    speaker=SpeakerEncoderSizes(channels=5, hidden_channels=8),
)


def predictor() -> ContourPredictor:
    torch.manual_seed(0)
    return ContourPredictor(6, 4, SIZES).eval()


def test_four_pitch_frames_to_a_semantic_frame_and_padding_stays_out() -> None:
    module = predictor()
    semantic, style, mask = (
        torch.randn(2, 6, 9),
        torch.randn(2, 4 + module.voice_channels, 1),
        torch.ones(2, 1, 9),
    )
    mask[1, :, 5:] = 0
    together = module.contour(semantic, mask, style)
    alone = module.contour(semantic[1:, :, :5], mask[1:, :, :5], style[1:])
    for padded, own in zip(together, alone, strict=True):
        assert padded.shape == (2, 1, 36)
        torch.testing.assert_close(padded[1:, :, :20], own)
    log_f0, voicing = together
    whole = module(semantic, mask, style)
    assert bool((whole[1, :, 20:] == 0).all())
    expected = torch.where(voicing[:, :, :20] > 0, log_f0[:, :, :20], 0)
    torch.testing.assert_close(whole[:, :, :20], expected)


@torch.no_grad()
def test_the_range_widens_the_contour_about_its_mean() -> None:
    plain, wide = predictor(), predictor()
    wide.range = 2.0
    semantic, style, mask = (
        torch.randn(1, 6, 30),
        torch.randn(1, 4 + plain.voice_channels, 1),
        torch.ones(1, 1, 30),
    )
    narrow, widened = (module(semantic, mask, style) for module in (plain, wide))
    voiced = narrow > 0
    assert torch.equal(voiced, widened > 0) and voiced.sum() > 10
    torch.testing.assert_close(widened[voiced].mean(), narrow[voiced].mean())
    torch.testing.assert_close(widened[voiced].std(), 2 * narrow[voiced].std())


@torch.no_grad()
def test_before_training_f0_lies_at_the_prompt_s_level() -> None:
    module = predictor()
    semantic, mask = torch.randn(1, 6, 40), torch.ones(1, 1, 40)
    levels = []
    for median in (110.0, 220.0):
        values = pitch_values(torch.tensor([[median, median / 5]]))
        style = torch.cat([torch.zeros(1, 9), values], dim=1).unsqueeze(2)
        log_f0, _ = module.contour(semantic, mask, style)
        assert abs(log_f0.mean().item() - math.log(median)) < 2 * LOG_F0_DEVIATION
        levels.append(log_f0.mean().item())
    assert 0.3 < levels[1] - levels[0] < 1.2  # an octave is 0.69


def test_a_prompt_without_a_voiced_frame_has_the_mean_of_all_voices() -> None:
    values = pitch_values(torch.tensor([[0.0, 0.0], [math.exp(5.0), math.exp(5.0 - 1.6)], [100.0, 0.0]]))
    torch.testing.assert_close(values[:2], torch.zeros(2, 2), atol=1e-5, rtol=0)
    assert values.isfinite().all()
