"""Changing files at random, as broken disks, editors and adversaries do."""

from __future__ import annotations

import random
from collections.abc import Sequence

MOST_BYTES = 200_000
NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 10**7, 10**9, 2**63 - 1)
_BYTES = b"\0 \xff \xc3 \xed\xa0\x80 \xe2\x80\xa8 \x0c \r \r\n \n \t"
_SIGNS = b"\" ' , | ; : { } [ ] ( ) < > / \\ & # ~ = * ! [[ ]] &amp; &#0; %00"
_WORDS = b"NaN Infinity -Infinity 1e999 -1 0 1e7 1000000000 true null 0x10 ../.. /dev/zero [[a]]"
_TAGS = b"<speak> </speak> <break/> <!DOCTYPE> <phoneme> <prosody> <s> <p>"
TOKENS: tuple[bytes, ...] = (
    *(token for tokens in (_BYTES, _SIGNS, _WORDS, _TAGS) for token in tokens.split(b" ")),
    b'<prosody rate="0">',
    b"<phoneme alphabet='ipa' ph='a'>",
    b"\xf0\x9f\x98\x80" * 50,
    b"!" * 500,
    b"[" * 300,
    b"{a:" * 300,
    b"9" * 400,
)


def mutate(content: bytes, rng: random.Random, others: Sequence[bytes] = ()) -> bytes:
    """One to eight changes: bits, bytes, numbers, tokens, cuts, repetitions, parts of another file."""
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 5, 8))):
        _change(changed, rng, others)
    return bytes(changed[:MOST_BYTES])


def _change(content: bytearray, rng: random.Random, others: Sequence[bytes]) -> None:
    # headers are at the beginning, where most of what matters stands
    size = len(content)
    place = rng.randrange(size + 1) if rng.random() < 0.6 else min(size, int(rng.expovariate(1 / 40)))
    length = min(int(rng.expovariate(1 / 20)) + 1, size - place)
    kind = rng.randrange(8)
    if kind == 0 and place < size:
        content[place] ^= 1 << rng.randrange(8)
    elif kind == 1:
        content[place : place + length] = rng.randbytes(length)
    elif kind == 2:
        width = rng.choice((1, 2, 4, 8))
        number = rng.choice(NUMBERS) % (1 << 8 * width)
        content[place : place + width] = number.to_bytes(width, rng.choice(("little", "big")))
    elif kind == 3:
        content[place:place] = rng.choice(TOKENS)
    elif kind == 4:
        content[place : place + length] = rng.choice(TOKENS)
    elif kind == 5:
        del content[place : place + length * rng.choice((1, 1, 10, 1000))]
    elif kind == 6:
        content[place:place] = content[place : place + length] * rng.choice((1, 2, 50))
    elif others:
        other = rng.choice(others)
        start = rng.randrange(len(other) + 1)
        content[place : place + length] = other[start : start + length * 4]
