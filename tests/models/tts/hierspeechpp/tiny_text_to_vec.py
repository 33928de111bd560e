"""A text-to-vec model small enough for tests."""

from __future__ import annotations

from hiervox.models.tts.hierspeechpp.ttv_config import (
    DecoderSizes,
    FlowSizes,
    PosteriorSizes,
    TextEncoderSizes,
    TextToVecConfig,
)
from hiervox.modules.predictors.stochastic_duration import StochasticDurationSizes


def tiny_config(semantic_channels: int = 6) -> TextToVecConfig:
    """A few ten thousand parameters; dropout in the style encoder alone."""
    return TextToVecConfig(
        semantic_channels=semantic_channels,
        style_channels=8,
        channels=16,
        text_encoder=TextEncoderSizes(filter_channels=32, n_heads=2, n_layers=1, kernel_size=3, dropout=0.0),
        posterior=PosteriorSizes(hidden_channels=16, n_layers=2),
        flow=FlowSizes(hidden_channels=16, n_heads=2, n_blocks=1, n_couplings=2, dropout=0.0),
        decoder=DecoderSizes(hidden_channels=16, n_layers=2, dropout=0.0),
        duration=StochasticDurationSizes(filter_channels=8, n_couplings=2, dropout=0.0),
        pitch_channels=8,
        pitch_slice_frames=12,
    )
