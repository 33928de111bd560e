from __future__ import annotations

import torch

from hiervox.models.tts.hierspeechpp.networks.pitch_predictor import PitchPredictor


def test_four_pitch_frames_to_a_semantic_frame_and_padding_stays_out() -> None:
    torch.manual_seed(0)
    module = PitchPredictor(6, 8, 4).eval()
    semantic, style, mask = torch.randn(2, 6, 9), torch.randn(2, 4, 1), torch.ones(2, 1, 9)
    mask[1, :, 5:] = 0
    together = module(semantic, mask, style)
    alone = module(semantic[1:, :, :5], mask[1:, :, :5], style[1:])
    assert together.shape == (2, 1, 36)
    torch.testing.assert_close(together[1:, :, :20], alone)
    assert together[1, :, 20:].abs().max() == 0
    assert alone.std() > 0


def test_style_changes_the_curve() -> None:
    torch.manual_seed(0)
    module = PitchPredictor(6, 8, 4).eval()
    semantic, mask = torch.randn(1, 6, 5), torch.ones(1, 1, 5)
    low, high = (module(semantic, mask, torch.full((1, 4, 1), value)) for value in (-1.0, 1.0))
    assert not torch.allclose(low, high)
