"""Residual vector quantisation (SoundStream, arXiv 2107.03312, section III-C; EnCodec, section 3.2)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from pydantic import Field, NonNegativeFloat, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from hiervox.modules.quantization.codebook import EMACodebook
from hiervox.utils.schema import Sizes


class Quantized(NamedTuple):
    """What a quantizer makes of embeddings.

    Attributes:
        embeddings: (B, D, T), the sum of the chosen entries; its gradient is the input's.
        codes: (B, Q, T).
        commitment: scalar, mean squared distance between what enters a codebook and its nearest entry, over
            the codebooks.
    """

    embeddings: Tensor
    codes: Tensor
    commitment: Tensor


class ResidualVectorSizes(Sizes):
    """Sizes of the quantizer; defaults are those of EnCodec at 24 kHz.

    Attributes:
        n_codebooks, n_entries, dimension: of the codebooks.
        decay, least_usage: see `EMACodebook`.
        commit_all: every codebook's commitment reaches the input. Where it is False only the first one's
            does, as in EnCodec's published code (issue 25 of facebookresearch/encodec).
    """

    n_codebooks: PositiveInt = 32
    n_entries: int = Field(1024, ge=2)
    dimension: PositiveInt = 128
    decay: float = Field(0.99, gt=0, lt=1)
    least_usage: NonNegativeFloat = 2.0
    commit_all: bool = True


class ResidualVectorQuantizer(nn.Module):
    """Codebooks each of which quantises what the ones before it leave.

    Fewer codebooks are a prefix of more, so one quantizer serves several bit rates.

    Args:
        sizes: see `ResidualVectorSizes`.
    """

    def __init__(self, sizes: ResidualVectorSizes) -> None:
        super().__init__()
        self.commit_all = sizes.commit_all
        self.codebooks = nn.ModuleList(
            EMACodebook(sizes.n_entries, sizes.dimension, decay=sizes.decay, least_usage=sizes.least_usage)
            for _ in range(sizes.n_codebooks)
        )

    def forward(self, x: Tensor, n_codebooks: int | None = None) -> Quantized:
        """Quantise (B, D, T) with the first `n_codebooks`, all by default; moves them in training mode."""
        residual, total = x, torch.zeros_like(x)
        codes, commitments = [], []
        for number, codebook in enumerate(self._first(n_codebooks)):
            nearest, own_codes = codebook(residual)
            commits = self.commit_all or number == 0
            commitments.append(F.mse_loss(residual if commits else residual.detach(), nearest))
            residual, total = residual - nearest, total + nearest
            codes.append(own_codes)
        straight_through = x + (total - x).detach()
        return Quantized(straight_through, torch.stack(codes, 1), torch.stack(commitments).mean())

    @torch.no_grad()
    def encode(self, x: Tensor, n_codebooks: int | None = None) -> Tensor:
        """(B, D, T) → codes (B, Q, T) of the first `n_codebooks`, all by default."""
        codes = []
        for codebook in self._first(n_codebooks):
            codes.append(codebook.encode(x))
            x = x - codebook.decode(codes[-1])
        return torch.stack(codes, 1)

    def decode(self, codes: Tensor) -> Tensor:
        """Codes (B, Q, T) of the first Q codebooks → (B, D, T)."""
        books = zip(self._first(codes.shape[1]), codes.unbind(1), strict=True)
        chosen = [codebook.decode(own) for codebook, own in books]
        return torch.stack(chosen).sum(0)

    def _first(self, count: int | None) -> list[EMACodebook]:
        return list(self.codebooks)[:count]  # type: ignore[return-value]
