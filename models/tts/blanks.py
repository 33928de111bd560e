"""Blanks before, between and after the tokens of a batch (Glow-TTS' published code, and VITS)."""

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
