"""What a loader gives: a batch, and the side of the corpus that it is of."""

from __future__ import annotations

from typing import Any, Literal

Batch = dict[str, Any]
"""Fields by name, as `models/base/data/dataset.py` reads them; tensors have the utterances first.

- `ids`: list of B cut ids
- `frames`: (B,) real frames of each utterance
- each feature that the task names: (B, N), or (B, C, N) with channels; (B, L) of tokens; (B, ...) of one
  value an utterance
- `token_lengths`: (B,) real tokens, where there are tokens
- `NAME_lengths`: (B,) of a feature whose rows are no multiple of the frames
"""
Split = Literal["train", "dev"]
"""The two sides of a corpus: what a part is trained on, and what it is validated on."""
