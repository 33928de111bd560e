"""A synthesizer small enough to train in a test."""

from __future__ import annotations

from hiervox.models.tts._hierarchy.config import (
    AcousticPosteriorSizes,
    BiTFlowSizes,
    ProsodySizes,
    SemanticPriorSizes,
    SourceSizes,
    SynthesizerConfig,
)
from hiervox.models.tts._hierarchy.networks.source_generator import SourceGeneratorSizes

TINY_SYNTHESIZER = SynthesizerConfig(
    semantic_channels=6,
    spectrogram_channels=641,
    mel_channels=80,
    style_channels=8,
    style_hidden_channels=8,
    latent_channels=8,
    semantic_prior=SemanticPriorSizes(hidden_channels=8, n_layers=2),
    acoustic_posterior=AcousticPosteriorSizes(
        hidden_channels=8,
        n_layers=2,
        waveform_channels=(4, 8, 8),
        waveform_rates=(16, 20),
        waveform_kernel_sizes=(17, 21),
        block_kernel_sizes=(3,),
        block_dilations=(1,),
    ),
    flow=BiTFlowSizes(hidden_channels=8, n_blocks=1, n_couplings=2),
    prosody=ProsodySizes(filter_channels=8, n_layers=1),
    source=SourceSizes(initial_channels=16, block_kernel_sizes=(3,), block_dilations=(1,)),
    generator=SourceGeneratorSizes(
        initial_channels=32,
        rates=(4, 8, 10),
        kernel_sizes=(8, 16, 20),
        block_kernel_sizes=(3, 7),
        block_dilations=(1, 3),
    ),
    slice_frames=10,
)
