"""Whisper's encoder (Radford et al. 2022, arXiv 2212.04356), in transformers' names.

It computes just what transformers' does in evaluation mode, without the seconds that importing that takes.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class WhisperEncoder(nn.Module):
    """Log-mel spectrogram to hidden states, at half the frame rate, without dropout.

    Args:
        n_mels: of the spectrogram.
        width: of the hidden states.
        n_layers, n_heads, ffn_width: of the Transformer.
        positions: that the table of positions has.
    """

    def __init__(
        self, n_mels: int, width: int, n_layers: int, n_heads: int, ffn_width: int, positions: int
    ) -> None:
        super().__init__()
        self.n_mels, self.width = n_mels, width
        self.conv1 = nn.Conv1d(n_mels, width, 3, padding=1)
        self.conv2 = nn.Conv1d(width, width, 3, stride=2, padding=1)
        self.embed_positions = nn.Embedding(positions, width)
        self.layers = nn.ModuleList(_Layer(width, n_heads, ffn_width) for _ in range(n_layers))
        self.layer_norm: nn.Module = nn.LayerNorm(width)

    @classmethod
    def of(cls, state: Mapping[str, Tensor], n_heads: int) -> WhisperEncoder:
        """The encoder with these weights, under transformers' names, in eval mode.

        Raises:
            KeyError: a weight that tells sizes is missing.
            RuntimeError: the weights are others.
        """
        width, n_mels, _ = state["conv1.weight"].shape
        n_layers = len({name.split(".")[1] for name in state if name.startswith("layers.")})
        ffn_width, positions = len(state["layers.0.fc1.weight"]), len(state["embed_positions.weight"])
        with torch.random.fork_rng(devices=[]):  # the meta device would import a second's worth of torch
            encoder = cls(n_mels, width, n_layers, n_heads, ffn_width, positions)
        encoder.load_state_dict(state)
        return encoder.eval()

    def forward(self, features: Tensor) -> Tensor:
        """(B, n_mels, 2 N) → (B, N, width), N at most the number of positions."""
        hidden = F.gelu(self.conv1(features))
        hidden = F.gelu(self.conv2(hidden)).permute(0, 2, 1)
        hidden = hidden + self.embed_positions.weight[: hidden.shape[1]]
        for layer in self.layers:
            hidden = layer(hidden)
        normed: Tensor = self.layer_norm(hidden)
        return normed


class _Layer(nn.Module):
    """Self-attention and a feed-forward network, each behind a layer norm and added to its input."""

    def __init__(self, width: int, n_heads: int, ffn_width: int) -> None:
        super().__init__()
        self.self_attn = _SelfAttention(width, n_heads)
        self.self_attn_layer_norm = nn.LayerNorm(width)
        self.fc1 = nn.Linear(width, ffn_width)
        self.fc2 = nn.Linear(ffn_width, width)
        self.final_layer_norm = nn.LayerNorm(width)

    def forward(self, hidden: Tensor) -> Tensor:
        hidden = hidden + self.self_attn(self.self_attn_layer_norm(hidden))
        widened = F.gelu(self.fc1(self.final_layer_norm(hidden)))
        return hidden + self.fc2(widened)


class _SelfAttention(nn.Module):
    """Of all frames to all frames; keys have no bias."""

    def __init__(self, width: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads, self.scale = n_heads, (width // n_heads) ** -0.5
        self.q_proj = nn.Linear(width, width)
        self.k_proj = nn.Linear(width, width, bias=False)
        self.v_proj = nn.Linear(width, width)
        self.out_proj = nn.Linear(width, width)

    def forward(self, hidden: Tensor) -> Tensor:
        query = self._by_head(self.q_proj(hidden) * self.scale)
        key, value = self._by_head(self.k_proj(hidden)), self._by_head(self.v_proj(hidden))
        attended = F.scaled_dot_product_attention(query, key, value, scale=1.0)
        projected: Tensor = self.out_proj(attended.transpose(1, 2).reshape(hidden.shape))
        return projected

    def _by_head(self, hidden: Tensor) -> Tensor:
        """(B, N, C) → (B, heads, N, C / heads)."""
        return hidden.unflatten(2, (self.n_heads, -1)).transpose(1, 2).contiguous()
