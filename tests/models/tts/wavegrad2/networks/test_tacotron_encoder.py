"""Tests of the text encoder, and of the recurrent layers that it shares."""

from __future__ import annotations

import pytest
import torch

from hiervox.models.tts.wavegrad2.networks.recurrent_predictor import RecurrentPredictor
from hiervox.models.tts.wavegrad2.networks.tacotron_encoder import TacotronEncoder, TacotronEncoderSizes
from hiervox.modules.functional.masking import sequence_mask

TOKENS, LENGTHS = torch.tensor([[3, 1, 4, 1, 5], [2, 6, 0, 0, 0]]), torch.tensor([5, 2])


@pytest.mark.parametrize("masked", [True, False])
def test_padding_counts_only_as_published(masked: bool) -> None:
    torch.manual_seed(0)
    encoder = TacotronEncoder(9, TacotronEncoderSizes(channels=8, masked=masked)).eval()
    both = encoder(TOKENS, sequence_mask(LENGTHS))
    alone = encoder(TOKENS[1:, :2], sequence_mask(LENGTHS[1:]))
    assert both.shape == (2, 8, 5) and not both[1, :, 2:].any()
    assert torch.allclose(both[1, :, :2], alone[0], atol=1e-6) == masked


def test_a_predictor_reads_each_text_to_its_own_end() -> None:
    torch.manual_seed(0)
    predictor = RecurrentPredictor(8, 6).eval()
    hidden = torch.randn(2, 8, 5)
    both = predictor(hidden, sequence_mask(LENGTHS))
    alone = predictor(hidden[1:, :, :2], sequence_mask(LENGTHS[1:]))
    torch.testing.assert_close(both[1, :2], alone[0])
    assert both.shape == (2, 5) and not both[1, 2:].any()
