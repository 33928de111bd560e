"""A text-to-vec model's weights for a symbol table with further symbols."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import torch
from torch import Tensor

from hiervox.utils.errors import ConfigError

TABLES = ("text_encoder.embedding.weight", "phoneme_classifier.weight")
"""Weights with a row for each symbol: what the text encoder reads, and what CTC tells apart."""
NOISE = 0.1
"""Deviation of a new row from the mean of the old ones, in units of theirs: two new symbols are to differ."""


def grow_symbols(
    tensors: dict[str, Tensor],
    old: Sequence[str],
    new: Sequence[str],
    n_symbols: int,
    generator: torch.Generator | None = None,
) -> dict[str, Tensor]:
    """Give every symbol of `new` a row: the one that it has in `old`, wherever that stands, or a fresh one.

    Args:
        tensors: of the model whose tables count `old`.
        old, new: symbol tables. One that stands several times is matched from its last place on, which is the
            one in use.
        n_symbols: rows of the new tables; those behind the last symbol are spare.
        generator: of the fresh rows' noise, on the CPU.

    Returns:
        `tensors` with new tables; old rows are the same to the last bit.

    Raises:
        ConfigError: `new` lacks symbols of `old`.
    """
    lost = sorted(set(old) - set(new))
    if lost:
        raise ConfigError(
            f"text.symbols lacks {' '.join(lost)}, which the checkpoint to start from knows",
            "keep its symbols and put new ones behind them, as `hiervox vocabulary` does",
        )
    old_rows = {key: row for row, key in enumerate(_keys(old))}
    sources = [old_rows.get(key) for key in _keys(new)]
    return {
        name: _grown_table(tensor, len(old), sources, n_symbols, generator) if name in TABLES else tensor
        for name, tensor in tensors.items()
    }


def _keys(symbols: Sequence[str]) -> list[tuple[str, int]]:
    """Each symbol with the number of its later places."""
    left = Counter(symbols)
    keys = []
    for symbol in symbols:
        left[symbol] -= 1
        keys.append((symbol, left[symbol]))
    return keys


def _grown_table(
    table: Tensor,
    known: int,
    sources: Sequence[int | None],
    n_symbols: int,
    generator: torch.Generator | None,
) -> Tensor:
    rows = table[:known].float()
    noise = torch.randn(n_symbols, *table.shape[1:], generator=generator)
    grown = (rows.mean(0) + NOISE * rows.std(0) * noise).to(table.dtype)
    for row, source in enumerate(sources):
        if source is not None:
            grown[row] = table[source]
    return grown
