"""Drawing a token from logits."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hiervox.utils.errors import CheckpointError


def restrict(logits: Tensor, top_k: int | None = None, top_p: float = 1.0) -> Tensor:
    """Logits (B, V) with the unlikely ones at minus infinity.

    Args:
        logits: (B, V).
        top_k: keep so many; None keeps all.
        top_p: keep the most likely that together reach this probability (nucleus sampling, arXiv 1904.09751).
    """
    if top_k is not None:
        least = logits.topk(min(top_k, logits.shape[-1])).values[:, -1:]
        logits = logits.masked_fill(logits < least, -math.inf)
    if top_p < 1:
        ordered, order = logits.sort(descending=True)
        probabilities = ordered.softmax(-1)
        beyond = probabilities.cumsum(-1) - probabilities >= top_p  # the first that reaches it stays
        logits = logits.masked_fill(beyond.scatter(-1, order, beyond), -math.inf)
    return logits


def sample_tokens(logits: Tensor, temperature: float, generators: list[torch.Generator] | None) -> Tensor:
    """A token (B,) of each row of logits (B, V), on the CPU; `generators`, one a row, make it repeatable.

    Raises:
        CheckpointError: logits that are not finite.
    """
    probabilities = (logits.float() / temperature).softmax(-1).cpu()
    if not probabilities.isfinite().all():
        raise CheckpointError("the networks give no finite numbers", "use other weights, or float32")
    drawn = [
        torch.multinomial(row, 1, generator=None if generators is None else generators[number])
        for number, row in enumerate(probabilities)
    ]
    return torch.cat(drawn)
