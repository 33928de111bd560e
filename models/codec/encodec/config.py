"""What can be set in EnCodec. Defaults are the published 24 kHz model's (arXiv 2210.13438)."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, model_validator

from hiervox.models.base.config import ExperimentConfig
from hiervox.utils.config import Config

CODEBOOK_DECAY = 0.99  # section 3.2
LEAST_USAGE = 2.0  # the published code


class EncodecConfig(Config):
    """Sizes of the codec.

    Attributes:
        sample_rate: Hz.
        audio_channels: 1, or 2 for stereo.
        channels: after the first convolution of the encoder; each stage doubles them.
        strides: of the encoder's stages; the decoder's are the same in reverse.
        dimension: of the embeddings and of the entries of the codebooks.
        kernel_size, block_kernel_size, lstm_layers: see `SEANetEncoder`.
        causal: convolutions look back only.
        normalization: of the convolutions.
        scale_input: divide each segment by its root mean square, and multiply the decoded one by it.
        segment_seconds: length of the segments that are coded on their own; None codes the whole at once.
        overlap: of neighbouring segments, over their length.
        n_codebooks, n_entries: of the quantizer.
        codebook_decay: of the moving averages that the codebooks follow.
        least_usage: entries used less per batch, on average, are replaced.
        commit_all: every codebook's commitment loss reaches the encoder; in the published code only the
            first one's does.
        bandwidths: kbit/s that training draws from and that users may name.
    """

    sample_rate: PositiveInt = 24_000
    audio_channels: Literal[1, 2] = 1
    channels: PositiveInt = Field(32, multiple_of=2)
    strides: tuple[PositiveInt, ...] = Field((2, 4, 5, 8), min_length=1)
    dimension: PositiveInt = 128
    kernel_size: PositiveInt = 7
    block_kernel_size: PositiveInt = 3
    lstm_layers: PositiveInt = 2
    causal: bool = True
    normalization: Literal["weight", "group"] = "weight"
    scale_input: bool = False
    segment_seconds: PositiveFloat | None = None
    overlap: float = Field(0.01, ge=0, lt=1)
    n_codebooks: PositiveInt = 32
    n_entries: int = Field(1024, ge=2)
    codebook_decay: float = Field(CODEBOOK_DECAY, gt=0, lt=1)
    least_usage: NonNegativeFloat = LEAST_USAGE
    commit_all: bool = True
    bandwidths: tuple[PositiveFloat, ...] = Field((1.5, 3.0, 6.0, 12.0, 24.0), min_length=1)

    @model_validator(mode="after")
    def _check_bandwidths(self) -> EncodecConfig:
        for bandwidth in self.bandwidths:
            needed = bandwidth * 1000 / (self.frame_rate * self.bits)
            if not 1 <= needed <= self.n_codebooks:
                raise ValueError(
                    f"a bandwidth of {bandwidth:g} kbit/s needs {needed:.2f} codebooks of {self.n_codebooks}"
                )
        return self

    @property
    def hop_length(self) -> int:
        """Samples to one frame of codes."""
        return math.prod(self.strides)

    @property
    def frame_rate(self) -> float:
        """Frames of codes per second."""
        return self.sample_rate / self.hop_length

    @property
    def bits(self) -> float:
        """Bits of one code."""
        return math.log2(self.n_entries)

    def codebooks_for(self, bandwidth: float) -> int:
        """How many codebooks fit into `bandwidth` kbit/s; at least one."""
        return max(1, math.floor(bandwidth * 1000 / (self.frame_rate * self.bits) + 1e-6))

    def bandwidth_of(self, n_codebooks: int) -> float:
        """kbit/s of so many codebooks."""
        return n_codebooks * self.frame_rate * self.bits / 1000


ENCODEC_24KHZ = EncodecConfig()
"""The published 24 kHz model (section 4.1)."""
ENCODEC_48KHZ = EncodecConfig(
    sample_rate=48_000,
    audio_channels=2,
    causal=False,
    normalization="group",
    scale_input=True,
    segment_seconds=1.0,
    n_codebooks=16,
    bandwidths=(3.0, 6.0, 12.0, 24.0),
)
"""The published 48 kHz model for stereo music (section 4.1)."""


class EncodecExperiment(ExperimentConfig):
    """A training run of EnCodec.

    Attributes:
        model: sizes.
    """

    model: EncodecConfig = EncodecConfig()
