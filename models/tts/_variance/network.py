"""Tokens to frames by durations, pitch and energy (FastSpeech 2, arXiv 2006.04558, section 2)."""

from __future__ import annotations

from typing import Generic, TypeVar

from torch import Tensor, nn

from hiervox.models.tts._variance.config import VarianceModelConfig
from hiervox.models.tts._variance.durations import expand_by_durations
from hiervox.models.tts._variance.feed_forward_transformer import FeedForwardTransformer
from hiervox.models.tts._variance.variance_adaptor import Expand, VarianceAdaptor
from hiervox.models.tts._voices.network import SpeakerNetwork

ConfigT = TypeVar("ConfigT", bound=VarianceModelConfig)


class VarianceNetwork(SpeakerNetwork, Generic[ConfigT]):
    """Encoder, variance adaptor and decoder; a system adds what makes sound, or a spectrogram, of frames.

    Args:
        config: sizes.
        expand: see `VarianceAdaptor`.
    """

    def __init__(self, config: ConfigT, expand: Expand = expand_by_durations) -> None:
        super().__init__(config)
        self.config = config
        self.embedding = nn.Embedding(config.n_symbols, config.channels)
        nn.init.normal_(self.embedding.weight, 0.0, config.channels**-0.5)
        self.encoder = FeedForwardTransformer(config.channels, config.encoder)
        self.adaptor = VarianceAdaptor(config, expand)
        self.decoder = FeedForwardTransformer(config.channels, config.decoder)

    def encode(self, tokens: Tensor, token_mask: Tensor, style: Tensor | None = None) -> Tensor:
        """Tokens (B, L), mask (B, 1, L) and speaker vectors (B, C, 1) → (B, C, L)."""
        hidden: Tensor = self.encoder(self.embedding(tokens).mT, token_mask)
        return hidden if style is None else hidden + style
