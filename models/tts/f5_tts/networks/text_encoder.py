"""The text beside the frames, filled up to their number (F5-TTS, arXiv 2410.06885, section 3.2)."""

from __future__ import annotations

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn import functional

from hiervox.modules.attention.rotary import Rotation
from hiervox.modules.convolutions.convnext import ConvNeXtSizes, ConvNeXtV2Block
from hiervox.utils.schema import Sizes

FILLER = 0
"""The token that fills up a text."""


class TextEncoderSizes(Sizes):
    """Sizes of `TextEncoder`.

    Attributes:
        channels: of a frame's text.
        n_blocks: ConvNeXt V2 blocks; 0 in E2 TTS.
        expansion: channels within a block, over `channels`.
        masks_filler: whether the filler is zero before and behind each block; the first published F5-TTS lets
            it through, so that a text's code depends on the number of frames.
        spreads_evenly: whether each token is given as many frames, in place of one.
    """

    channels: PositiveInt = Field(512, multiple_of=2)
    n_blocks: int = Field(4, ge=0)
    expansion: PositiveInt = 2
    masks_filler: bool = True
    spreads_evenly: bool = False


class TextEncoder(nn.Module):
    """Embedding, positions, ConvNeXt V2 blocks.

    Args:
        sizes: see `TextEncoderSizes`.
        n_symbols: rows of the table, the filler's among them.
    """

    def __init__(self, sizes: TextEncoderSizes, n_symbols: int) -> None:
        super().__init__()
        self.sizes = sizes
        self.embedding = nn.Embedding(n_symbols, sizes.channels)
        block = ConvNeXtSizes(channels=sizes.channels, hidden_channels=sizes.expansion * sizes.channels)
        self.blocks = nn.ModuleList(ConvNeXtV2Block(block) for _ in range(sizes.n_blocks))

    def forward(
        self, tokens: Tensor, frames: int, mask: Tensor | None = None, dropped: Tensor | None = None
    ) -> Tensor:
        """Encode.

        Args:
            tokens: (B, L), `FILLER` behind each text; what goes beyond the frames is cut off.
            frames: N.
            mask: (B, 1, N) of real frames; None where all are.
            dropped: (B,) whether a text is left out; its number of tokens still shows, as published.

        Returns:
            (B, N, channels).
        """
        tokens = functional.pad(tokens[:, :frames], (0, max(0, frames - tokens.shape[1])), value=FILLER)
        real = None if mask is None else mask.mT != 0
        if real is not None:
            tokens = tokens.masked_fill(~real.squeeze(2), FILLER)
        written = (tokens != FILLER).unsqueeze(2)
        if dropped is not None:
            tokens = tokens.masked_fill(dropped.unsqueeze(1), FILLER)
        hidden = self.embedding(tokens)
        if self.blocks:
            hidden = hidden + positions(hidden)
        if real is not None:
            hidden = hidden * real
        if self.blocks:
            hidden = self._through_blocks(hidden, written if self.sizes.masks_filler else None)
        return spread(hidden, written, real) if self.sizes.spreads_evenly else hidden

    def _through_blocks(self, hidden: Tensor, kept: Tensor | None) -> Tensor:
        if kept is not None:
            hidden = hidden * kept
        for block in self.blocks:
            hidden = block(hidden.mT).mT
            if kept is not None:
                hidden = hidden * kept
        return hidden


def positions(hidden: Tensor) -> Tensor:
    """(N, C) for (B, N, C): a half of cosines, a half of sines."""
    frames, channels = hidden.shape[1:]
    return torch.cat(Rotation.of(frames, channels, hidden), dim=1)


def spread(hidden: Tensor, written: Tensor, real: Tensor | None) -> Tensor:
    """Give each token as many frames; the last ones take what is left over.

    Args:
        hidden: (B, N, C), tokens first.
        written: (B, N, 1) where there is one.
        real: (B, N, 1) of real frames; None where all are.

    Returns:
        (B, N, C), zero behind the real frames and where there is no token.
    """
    tokens = written.sum(1)
    frames = torch.full_like(tokens, hidden.shape[1]) if real is None else real.sum(1)
    each = frames // tokens.clamp_min(1)
    shorter = tokens - (frames - each * tokens)  # tokens of `each` frames; those behind have one more
    place = torch.arange(hidden.shape[1], device=hidden.device)[None]
    behind = place - shorter * each
    token = torch.where(behind < 0, place // each.clamp_min(1), shorter + behind // (each + 1))
    token = torch.minimum(token, (tokens - 1).clamp_min(0))
    kept = ((place < frames) & (tokens > 0)).unsqueeze(2)
    return hidden.gather(1, token.unsqueeze(2).expand_as(hidden)) * kept
