"""A pretrained speaker encoder beside the style encoder."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from hiervox.modules.encoders.campplus import CAMPlusPlus
from hiervox.processors.filterbank import SAMPLE_RATE, log_filterbank


class VoiceEncoder(nn.Module):
    """Speaker embedding of a prompt, and what it adds to the style: nothing, at first.

    Args:
        channels: of the speaker embedding.
        hidden_channels: of the projection.
        style_channels: of the style vector.
        max_seconds: of a prompt in training.

    Attributes:
        network: the speaker encoder; its weights stay as they are.
        projection: embedding → part of the style. Its last layer starts at zero, so that a network to which
            the encoder is added speaks as before.
    """

    def __init__(self, channels: int, hidden_channels: int, style_channels: int, max_seconds: float) -> None:
        super().__init__()
        self.max_samples = int(max_seconds * SAMPLE_RATE)
        self.network = CAMPlusPlus(embedding_channels=channels)
        last = nn.Linear(hidden_channels, style_channels)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.projection = nn.Sequential(nn.Linear(channels, hidden_channels), nn.Mish(), last)

    def embed(self, wav: Tensor) -> Tensor:
        """(B, T) at 16 kHz, of one length → (B, channels), of length sqrt(channels); gradients for `wav`."""
        embedding: Tensor = self.network(log_filterbank(wav))
        return functional.normalize(embedding.float(), dim=1) * embedding.shape[1] ** 0.5

    @torch.no_grad()
    def embed_training(self, prompts: Tensor, lengths: Tensor) -> Tensor:
        """Of prompts (B, T) of so many samples (B,): their beginnings, as much as all of them have."""
        samples = min(self.max_samples, int(lengths.min()))
        return self.embed(prompts[:, :samples])

    def forward(self, speaker: Tensor) -> Tensor:
        """(B, channels) → (B, style_channels, 1)."""
        added: Tensor = self.projection(speaker)
        return added.unsqueeze(2)
