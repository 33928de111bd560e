"""Sizes of MP-SENet. Defaults are the published config's, and the published code's where that is silent."""

from __future__ import annotations

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from hiervox.models.base.config import ExperimentConfig
from hiervox.utils.config import Config


class MPSENetConfig(Config):
    """The network and the spectrum that it reads.

    Attributes:
        sample_rate: of input and output, Hz.
        n_fft, win_length, hop_length: of the spectrum, samples; Hann window.
        compression: amplitudes are raised to this power.
        channels: of all inner maps.
        dense_depth: layers of each dense block.
        n_blocks: two-stage blocks, each a Conformer over time and one over frequency.
        n_heads: of their attention.
        kernel_size: of their convolutions; odd.
        dropout: in them.
        mask_limit: the amplitude mask stays between 0 and this.
    """

    sample_rate: PositiveInt = 16_000
    n_fft: PositiveInt = Field(400, multiple_of=4)
    win_length: PositiveInt = 400
    hop_length: PositiveInt = 100
    compression: float = Field(0.3, gt=0, le=1)
    channels: PositiveInt = 64
    dense_depth: PositiveInt = 4
    n_blocks: PositiveInt = 4
    n_heads: PositiveInt = 4
    kernel_size: PositiveInt = 31
    dropout: float = Field(0.2, ge=0, lt=1)
    mask_limit: PositiveFloat = 2.0

    @property
    def bins(self) -> int:
        """Frequencies of the spectrum; odd, as the halving of the frequency axis needs it."""
        return self.n_fft // 2 + 1

    @model_validator(mode="after")
    def _check_sizes(self) -> MPSENetConfig:
        if self.channels % self.n_heads:
            raise ValueError(f"n_heads must divide channels, {self.channels}")
        if self.kernel_size % 2 == 0:
            raise ValueError("kernel_size must be odd")
        if not self.hop_length <= self.win_length // 2 <= self.n_fft // 2:
            raise ValueError("hop_length must be at most half of win_length, and that at most n_fft")
        return self


class MPSENetExperiment(ExperimentConfig):
    """What stands in a checkpoint's config."""

    model: MPSENetConfig = MPSENetConfig()
