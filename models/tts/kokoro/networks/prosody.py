"""Durations, F0 and energy from phonemes and a style (StyleTTS 2, arXiv 2306.07691, section 3.1)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hiervox.models.tts.kokoro.networks.adaptive import AdaptiveBlock, AdaptiveLayerNorm
from hiervox.models.tts.kokoro.networks.encoders import bidirectional


class ProsodyEncoder(nn.Module):
    """Bidirectional LSTMs with adaptive norms between; the style stands beside what each reads.

    Args:
        channels: of the text.
        style_channels: S.
        n_layers: of LSTMs.
    """

    def __init__(self, channels: int, style_channels: int, n_layers: int) -> None:
        super().__init__()
        self.lstms = nn.ModuleList(
            bidirectional(channels + style_channels, channels) for _ in range(n_layers)
        )
        self.norms = nn.ModuleList(AdaptiveLayerNorm(channels, style_channels) for _ in range(n_layers))

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """(B, L, channels), style (B, S) → (B, L, channels + S)."""
        beside = style.unsqueeze(1).expand(-1, x.shape[1], -1)
        x = torch.cat([x, beside], dim=2)
        for lstm, norm in zip(self.lstms, self.norms, strict=True):
            x = torch.cat([norm(lstm(x)[0], style), beside], dim=2)
        return x


class ContourPredictor(nn.Module):
    """A contour of two values a frame: adaptive blocks and a projection.

    Args:
        channels: of the input.
        style_channels: S.
    """

    def __init__(self, channels: int, style_channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.blocks = nn.ModuleList(
            (
                AdaptiveBlock(channels, channels, style_channels),
                AdaptiveBlock(channels, half, style_channels, upsample=True),
                AdaptiveBlock(half, half, style_channels),
            )
        )
        self.projection = nn.Conv1d(half, 1, 1)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """(B, channels, N), style (B, S) → (B, 2 N)."""
        for block in self.blocks:
            x = block(x, style)
        contour: Tensor = self.projection(x).squeeze(1)
        return contour


class ProsodyPredictor(nn.Module):
    """Prosody of a text in a style.

    Args:
        channels: of the text.
        style_channels: S.
        n_layers: of the encoder.
        longest: duration that can be predicted, in frames.
    """

    def __init__(self, channels: int, style_channels: int, n_layers: int, longest: int) -> None:
        super().__init__()
        width = channels + style_channels
        self.encoder = ProsodyEncoder(channels, style_channels, n_layers)
        self.duration_lstm = bidirectional(width, channels)
        self.duration = nn.Linear(channels, longest)
        self.shared = bidirectional(width, channels)
        self.f0 = ContourPredictor(channels, style_channels)
        self.energy = ContourPredictor(channels, style_channels)

    def durations(self, encoded: Tensor) -> Tensor:
        """Frames (B, L), not rounded: the sum of probabilities that a phoneme lasts another frame.

        Args:
            encoded: (B, L, channels + S), of `encoder`.
        """
        answers: Tensor = self.duration(self.duration_lstm(encoded)[0])
        return answers.sigmoid().sum(dim=2)

    def contours(self, frames: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
        """F0 in Hz and energy, (B, 2 N) each.

        Args:
            frames: (B, N, channels + S), what `encoder` gave, spread over frames.
            style: (B, S).
        """
        hidden = self.shared(frames)[0].mT
        return self.f0(hidden, style), self.energy(hidden, style)
