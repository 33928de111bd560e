"""The forward-sum aligner's network: a phoneme classifier of frames, from which an HMM gets its densities."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hiervox.models.alignment.forward_sum_aligner.config import AlignerConfig
from hiervox.modules.alignment.monotonic import maximum_path
from hiervox.modules.functional.masking import sequence_mask
from hiervox.modules.losses.ctc import phoneme_evidence
from hiervox.modules.normalization.layer_norm import ChannelLayerNorm


class ForwardSumAligner(nn.Module):
    """Log-mel to logits over the symbols, with a receptive field of a few frames.

    Args:
        config: sizes.
    """

    def __init__(self, config: AlignerConfig) -> None:
        super().__init__()
        self.config = config
        size, channels = config.kernel_size, config.channels
        self.scale = nn.BatchNorm1d(config.n_mels, affine=False)
        self.input = nn.Conv1d(config.n_mels, channels, size, padding=size // 2)
        self.convs = nn.ModuleList(
            nn.Conv1d(channels, channels, size, padding=size // 2) for _ in range(config.n_layers)
        )
        self.norms = nn.ModuleList(ChannelLayerNorm(channels) for _ in range(config.n_layers))
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Conv1d(channels, config.n_symbols, 1)

    def forward(self, mel: Tensor, frame_lengths: Tensor) -> Tensor:
        """(B, M, N) and (B,) to logits (B, V, N)."""
        mask = sequence_mask(frame_lengths, mel.shape[2])
        hidden = self.input(self.scale(mel) * mask)
        for conv, norm in zip(self.convs, self.norms, strict=True):
            hidden = hidden + self.dropout(conv(norm(hidden).relu() * mask))
        logits: Tensor = self.output(hidden.relu())
        return logits

    def best_path(
        self, logits: Tensor, frame_lengths: Tensor, tokens: Tensor, token_lengths: Tensor
    ) -> Tensor:
        """The best monotonic alignment (B, N, L) of 0 and 1; each token has a frame at least.

        Args:
            logits: (B, V, N).
            frame_lengths, token_lengths: (B,).
            tokens: (B, L), with silences at both ends.

        Raises:
            ValueError: an item has fewer frames than tokens.
        """
        mask = sequence_mask(frame_lengths, logits.shape[2])
        evidence = phoneme_evidence(logits, mask)
        scores = evidence.gather(1, tokens.unsqueeze(2).expand(-1, -1, logits.shape[2]))
        both = mask.mT * sequence_mask(token_lengths, tokens.shape[1])
        return maximum_path(scores.mT, both)


def with_silences(tokens: Tensor, lengths: Tensor, silence: int) -> tuple[Tensor, Tensor]:
    """(B, L) and (B,) to (B, L + 2) and (B,): silence before the first token and behind each item's last."""
    padded = torch.nn.functional.pad(tokens, (1, 1), value=silence)
    places = torch.arange(padded.shape[1], device=tokens.device)
    return padded.masked_fill(places > lengths[:, None], silence), lengths + 2
