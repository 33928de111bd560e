"""Factorized codebooks, and residual quantisers of them for each attribute of speech."""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

from hiervox.modules.quantization.codebook import nearest_entries
from hiervox.utils.schema import Sizes

Attribute = Literal["prosody", "content", "residual"]
ATTRIBUTES: tuple[Attribute, ...] = ("prosody", "content", "residual")
"""In the order of their codes. What is left of speech, its timbre, is one vector an utterance."""


class Quantized(NamedTuple):
    """What a residual quantiser makes of embeddings.

    Attributes:
        embeddings: (B, D, T), the sum of the chosen entries of the books in use; its gradient is the input's.
        codes: (B, Q, T).
        commitment, codebook: scalars, summed over books: mean squared distance of what enters a book to its
            nearest entry, with the gradient to the first and to the second.
    """

    embeddings: Tensor
    codes: Tensor
    commitment: Tensor
    codebook: Tensor


class FactorizedCodebook(nn.Module):
    """Nearest entry by angle in a space of few dimensions (ViT-VQGAN, arXiv 2110.04627, section 3.2).

    Args:
        channels: D of what is quantised.
        n_entries: K.
        dimension: of the entries.
    """

    def __init__(self, channels: int, n_entries: int, dimension: int) -> None:
        super().__init__()
        self.projection = weight_norm(nn.Conv1d(channels, dimension, 1))
        self.expansion = weight_norm(nn.Conv1d(dimension, channels, 1))
        self.entries = nn.Parameter(torch.randn(n_entries, dimension))

    def decode(self, codes: Tensor) -> Tensor:
        """Codes (B, T) → (B, D, T)."""
        result: Tensor = self.expansion(F.embedding(codes, self.entries).transpose(1, 2))
        return result

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(B, D, T) → the nearest entries (B, D, T), codes (B, T), and both losses of each item (B,)."""
        projected = self.projection(x)
        directions = F.normalize(projected.detach().transpose(1, 2).flatten(0, 1).float(), dim=1)
        codes = nearest_entries(directions, F.normalize(self.entries.detach().float(), dim=1))
        codes = codes.view(x.shape[0], x.shape[2])
        nearest = F.embedding(codes, self.entries).transpose(1, 2)
        commitment = (projected - nearest.detach()).square().mean((1, 2))
        codebook = (nearest - projected.detach()).square().mean((1, 2))
        straight_through = projected + (nearest - projected).detach()
        return self.expansion(straight_through), codes, commitment, codebook


class FactorizedSizes(Sizes):
    """Sizes of the quantisers.

    Attributes:
        prosody, content, residual: books of each.
        n_entries, dimension: of a book.
        dropout: share of a training batch whose books are a random number of the first ones.
    """

    prosody: PositiveInt = 1
    content: PositiveInt = 2
    residual: PositiveInt = 3
    n_entries: int = Field(1024, ge=2)
    dimension: PositiveInt = 8
    dropout: float = Field(0.5, ge=0, le=1)

    @property
    def books(self) -> dict[Attribute, int]:
        """Number of books of each attribute, in the order of the codes."""
        return {"prosody": self.prosody, "content": self.content, "residual": self.residual}


class FactorizedQuantizer(nn.Module):
    """Factorized codebooks each of which quantises what the ones before it leave.

    Args:
        channels: D of what is quantised.
        n_books: Q.
        sizes: see `FactorizedSizes`.
    """

    def __init__(self, channels: int, n_books: int, sizes: FactorizedSizes) -> None:
        super().__init__()
        self.dropout = sizes.dropout
        self.books = nn.ModuleList(
            FactorizedCodebook(channels, sizes.n_entries, sizes.dimension) for _ in range(n_books)
        )

    def forward(self, x: Tensor, used: Tensor | None = None) -> Quantized:
        """Quantise (B, D, T).

        Args:
            x: embeddings.
            used: (B,), how many of the first books count for each item; all where None, but in training for
                the share `dropout` of the batch, which draws it.
        """
        if used is None:
            used = self._drawn(x) if self.training else x.new_full((len(x),), len(self.books))
        residual, total = x, torch.zeros_like(x)
        codes, commitments, codebooks = [], [], []
        for number, book in enumerate(self.books):
            nearest, own, commitment, codebook = book(residual)
            counts = (used > number).to(x.dtype)
            residual, total = residual - nearest, total + nearest * counts[:, None, None]
            codes.append(own)
            commitments.append((commitment * counts).mean())
            codebooks.append((codebook * counts).mean())
        return Quantized(
            total, torch.stack(codes, 1), torch.stack(commitments).sum(), torch.stack(codebooks).sum()
        )

    def _drawn(self, x: Tensor) -> Tensor:
        """(B,): a random number of books for the first items, which a batch has in random order."""
        used = torch.full((len(x),), len(self.books), device=x.device)
        n_dropped = int(len(x) * self.dropout)
        used[:n_dropped] = torch.randint(1, len(self.books) + 1, (n_dropped,), device=x.device)
        return used

    def decode(self, codes: Tensor) -> Tensor:
        """Codes (B, Q, T) of the first Q books, one at least → (B, D, T)."""
        books = zip(list(self.books)[: codes.shape[1]], codes.unbind(1), strict=True)
        return torch.stack([book.decode(own) for book, own in books]).sum(0)  # type: ignore[operator]
