"""What layers of self-attention look at, noted while a network runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from hiervox.modules.attention.self_attention import SelfAttention


@contextmanager
def recorded_attention(layers: Sequence[SelfAttention], n_heads: int = 1) -> Iterator[list[Tensor]]:
    """Collect the weights of the first heads of each layer within the block, with their gradients.

    Args:
        layers: to look into; each is called with `x` and `mask` by position.
        n_heads: of each layer.

    Yields:
        a list that gets (B, n_heads, T, T) of each layer, in the order of their calls.
    """
    weights: list[Tensor] = []

    def note(layer: nn.Module, inputs: tuple[Any, ...]) -> None:
        assert isinstance(layer, SelfAttention)
        weights.append(layer.weights(inputs[0], inputs[1], n_heads))

    hooks = [layer.register_forward_pre_hook(note) for layer in layers]
    try:
        yield weights
    finally:
        for hook in hooks:
            hook.remove()
