"""FACodec's second decoder: tables of its own for the codes, and prosody that the target voice reads."""

from __future__ import annotations

import torch
from pydantic import PositiveInt, model_validator
from torch import Tensor, nn

from hiervox.models.codec.facodec.networks.facodec import TimbreDecoder, own_books
from hiervox.models.codec.facodec.networks.layers import AutoencoderSizes
from hiervox.models.codec.facodec.networks.quantizer import ATTRIBUTES, FactorizedSizes
from hiervox.modules.transformers.convolutional import Transformer, TransformerSizes


class RedecoderSizes(AutoencoderSizes):
    """Sizes; defaults are those of the paper's authors.

    Attributes:
        sample_rate: Hz.
        quantizer: that of the codec whose codes it reads.
        transformer: of the prosody.
    """

    decoder_channels: PositiveInt = 1280
    sample_rate: PositiveInt = 16_000
    quantizer: FactorizedSizes = FactorizedSizes()
    transformer: TransformerSizes = TransformerSizes()

    @model_validator(mode="after")
    def _heads_fit(self) -> RedecoderSizes:
        if self.dimension % 2 or self.dimension % self.transformer.n_heads:
            raise ValueError("dimension must be even and a multiple of transformer.n_heads")
        return self


class Redecoder(nn.Module):
    """Codes and a voice to a waveform; the residual may be left out, as in conversion.

    Args:
        sizes: see `RedecoderSizes`.
    """

    def __init__(self, sizes: RedecoderSizes) -> None:
        super().__init__()
        self.sizes = sizes
        books = sizes.quantizer
        self.tables = nn.ModuleDict(
            {
                name: nn.ModuleList(nn.Embedding(books.n_entries, sizes.dimension) for _ in range(count))
                for name, count in books.books.items()
            }
        )
        self.prosody = Transformer(sizes.dimension, sizes.transformer, styled=True)
        self.decoder = TimbreDecoder(sizes)

    def embed(self, codes: Tensor, timbre: Tensor) -> Tensor:
        """Codes (B, Q, N) of the first Q books and a voice (B, D) → (B, D, N)."""
        parts = codes.split(own_books(codes.shape[1], self.sizes.quantizer), dim=1)
        total = torch.zeros((), device=codes.device)
        for name, own in zip(ATTRIBUTES, parts, strict=True):
            tables = list(self.tables[name])[: own.shape[1]]  # type: ignore[call-overload]
            found = [table(book) for table, book in zip(tables, own.unbind(1), strict=True)]
            if found:
                embedded = torch.stack(found).sum(0).transpose(1, 2)
                total = total + (self.prosody(embedded, timbre) if name == "prosody" else embedded)
        return total

    @torch.no_grad()
    def decode(self, codes: Tensor, timbre: Tensor) -> Tensor:
        """Codes (B, Q, N) of the first Q books and a voice (B, D) → (B, 1, T)."""
        decoded: Tensor = self.decoder(self.embed(codes, timbre), timbre)
        return decoded
