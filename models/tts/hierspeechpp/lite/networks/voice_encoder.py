"""A pretrained speaker encoder beside the style encoder."""

from __future__ import annotations

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor, nn
from torch.nn import functional

from hiervox.models.tts.hierspeechpp.lite.networks.campplus import CAMPlusPlus, CAMPlusPlusSizes
from hiervox.processors.filterbank import SAMPLE_RATE, log_filterbank
from hiervox.utils.config import Config

GROUP_SIZE = 48
"""Prompts of a batch that are encoded together, and so to one length."""


class SpeakerEncoderSizes(Config):
    """A CAM++ speaker encoder beside the style encoder; its weights were trained on other data, and stay.

    Attributes:
        channels: of the speaker embedding.
        hidden_channels: of the two layers that turn it into a part of the style.
        max_seconds: of a prompt in training, from its beginning; inference sees all of it.
    """

    channels: PositiveInt = 192
    hidden_channels: PositiveInt = 256
    max_seconds: PositiveFloat = 3.0


class SpeakerProjection(nn.Sequential):
    """Speaker embedding → part of a style vector: two layers.

    The last one starts at zero, so that a network to which it is added speaks as before.

    Args:
        channels: of the speaker embedding.
        hidden_channels: between the layers.
        style_channels: of the style vector.
    """

    def __init__(self, channels: int, hidden_channels: int, style_channels: int) -> None:
        last = nn.Linear(hidden_channels, style_channels)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        super().__init__(nn.Linear(channels, hidden_channels), nn.Mish(), last)

    def forward(self, speaker: Tensor) -> Tensor:
        """(B, channels) → (B, style_channels, 1)."""
        added: Tensor = super().forward(speaker)
        return added.unsqueeze(2)


class VoiceEncoder(nn.Module):
    """Speaker embedding of a prompt, and what it adds to the style.

    Args:
        sizes: see `SpeakerEncoderSizes`.
        style_channels: of the style vector.

    Attributes:
        network: the speaker encoder; its weights stay as they are.
        projection: embedding → part of the style.
    """

    def __init__(self, sizes: SpeakerEncoderSizes, *, style_channels: int) -> None:
        super().__init__()
        self.max_samples = int(sizes.max_seconds * SAMPLE_RATE)
        self.network = CAMPlusPlus(CAMPlusPlusSizes(embedding_channels=sizes.channels))
        self.projection = SpeakerProjection(sizes.channels, sizes.hidden_channels, style_channels)

    def embed(self, wav: Tensor) -> Tensor:
        """(B, T) at 16 kHz, of one length → (B, channels), of length sqrt(channels); gradients for `wav`."""
        return speaker_embedding(self.network, wav)

    def forward(self, speaker: Tensor) -> Tensor:
        """(B, channels) → (B, style_channels, 1)."""
        added: Tensor = self.projection(speaker)
        return added


def speaker_embedding(network: CAMPlusPlus, wav: Tensor) -> Tensor:
    """(B, T) at 16 kHz, of one length → (B, channels), of length sqrt(channels); gradients for `wav`."""
    embedding: Tensor = network(log_filterbank(wav))
    return functional.normalize(embedding.float(), dim=1) * embedding.shape[1] ** 0.5


@torch.no_grad()
def beginnings_embedding(network: CAMPlusPlus, prompts: Tensor, lengths: Tensor, max_samples: int) -> Tensor:
    """(B, T) of so many samples (B,) → (B, channels), by their beginnings.

    Prompts of like lengths are encoded together, `GROUP_SIZE` at a time, as much as all of these have.
    """
    order = lengths.argsort()
    groups = order.split(GROUP_SIZE)
    cropped = [min(max_samples, int(lengths[group].min())) for group in groups]
    embeddings = [
        speaker_embedding(network, prompts[group, :samples])
        for group, samples in zip(groups, cropped, strict=True)
    ]
    return torch.cat(embeddings)[order.argsort()]
