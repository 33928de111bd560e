"""What networks read beside the tokens of a text.

Blanks before, between and after them (Glow-TTS' published code, and VITS), or one symbol at either end.
"""

from __future__ import annotations

from typing import TypeVar

from torch import Tensor
from torch.nn import functional

BLANK = 0
Count = TypeVar("Count", int, Tensor)


def spaced_length(tokens: Count, blanks: bool = True) -> Count:
    """How long a text of so many tokens is as the network reads it."""
    return 2 * tokens + 1 if blanks else tokens


def spaced(tokens: Tensor, lengths: Tensor, blanks: bool = True) -> tuple[Tensor, Tensor]:
    """Tokens (B, L) and their lengths (B,), with blanks (B, 2 L + 1) where the network wants them."""
    if not blanks:
        return tokens, lengths
    with_blanks = functional.pad(tokens.unsqueeze(2), (1, 0), value=BLANK).flatten(1)
    return functional.pad(with_blanks, (0, 1), value=BLANK), spaced_length(lengths)


def edged_length(tokens: Count) -> Count:
    """How long a text of so many tokens is with a symbol at either end."""
    return tokens + 2


def edged(tokens: Tensor, lengths: Tensor, symbol: int) -> tuple[Tensor, Tensor]:
    """Tokens (B, L), 0 behind their ends, and their lengths (B,), with a symbol at either end (B, L + 2)."""
    longer = functional.pad(functional.pad(tokens, (1, 0), value=symbol), (0, 1))
    return longer.scatter(1, lengths.unsqueeze(1) + 1, symbol), edged_length(lengths)
