"""Tests of `hiervox.models.tts.matcha_tts.published` beyond golden files: wrong files."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from hiervox.models.tts.matcha_tts.published import import_matcha_tts, read_decoder
from hiervox.utils.errors import CheckpointError
from tests.models.tts.matcha_tts.parity_cases import DECODER, published


@pytest.mark.parametrize("wrong", [{}, {"encoder": {}}, published(48, 96, True) | {"decoder": None}])
def test_a_config_of_something_else_is_refused(wrong: dict[str, Any]) -> None:
    tensors = {
        "encoder.emb.weight": torch.zeros(40, 48),
        "mel_mean": torch.zeros(()),
        "mel_std": torch.ones(()),
    }
    with pytest.raises(CheckpointError):
        import_matcha_tts(tensors, wrong)


def test_a_u_net_of_several_kinds_of_blocks_is_refused() -> None:
    with pytest.raises(KeyError, match="one kind of block"):
        read_decoder(DECODER | {"mid_block_type": "conformer"})
