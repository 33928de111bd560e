"""The pretrained speaker encoder beside the style encoder."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from hiervox.models.tts.hierspeechpp.lite.networks.voice_encoder import (
    GROUP_SIZE,
    beginnings_embedding,
    speaker_embedding,
)


class MeanBands(nn.Module):
    """The mean of each band of a filterbank (B, bands, N) as an embedding (B, bands)."""

    def forward(self, bands: Tensor) -> Tensor:
        return bands.mean(dim=2)


@pytest.fixture
def prompts() -> tuple[Tensor, Tensor]:
    """100 recordings of 0.5 to 2 s that get louder, in a random order."""
    generator = torch.Generator().manual_seed(0)
    lengths = (8000 + 240 * torch.arange(100))[torch.randperm(100, generator=generator)]
    return torch.linspace(0.01, 1, 32_000) * torch.randn(100, 32_000, generator=generator), lengths


def test_prompts_of_like_lengths_are_heard_together(prompts: tuple[Tensor, Tensor]) -> None:
    recordings, lengths = prompts
    network = MeanBands()
    embedded = beginnings_embedding(network, recordings, lengths, 32_000)  # type: ignore[arg-type]
    ranks = lengths.argsort().argsort()
    for index, rank in enumerate(ranks.tolist()):
        shortest = 8000 + 240 * (rank // GROUP_SIZE * GROUP_SIZE)
        alone = speaker_embedding(network, recordings[index : index + 1, :shortest])  # type: ignore[arg-type]
        torch.testing.assert_close(embedded[index : index + 1], alone, rtol=1e-4, atol=1e-5)


def test_no_more_is_heard_than_asked(prompts: tuple[Tensor, Tensor]) -> None:
    recordings, lengths = prompts
    network = MeanBands()
    short = beginnings_embedding(network, recordings, lengths, 8000)  # type: ignore[arg-type]
    alone = speaker_embedding(network, recordings[:, :8000])  # type: ignore[arg-type]
    torch.testing.assert_close(short, alone, rtol=1e-4, atol=1e-5)
