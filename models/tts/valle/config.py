"""What can be set in VALL-E. Sizes are the paper's (arXiv 2301.02111, section 5.1)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveInt, model_validator

from hiervox.models.base.config import ExperimentConfig
from hiervox.processors.text.config import TextConfig
from hiervox.utils.config import Config


class DecoderConfig(Config):
    """What both decoders are made of.

    Attributes:
        n_tokens: rows of the text table: phonemes, and the marks of beginning and end.
        begin, end: ids of these marks.
        n_codes: entries of a codebook.
        channels, filter_channels, n_heads, n_layers, dropout: of the transformer.
    """

    n_tokens: PositiveInt = 180
    begin: int = Field(178, ge=0)
    end: int = Field(179, ge=0)
    n_codes: PositiveInt = 1024
    channels: PositiveInt = Field(1024, multiple_of=2)
    filter_channels: PositiveInt = 4096
    n_heads: PositiveInt = 16
    n_layers: PositiveInt = 12
    dropout: float = Field(0.1, ge=0, lt=1)

    @model_validator(mode="after")
    def _sizes_fit(self) -> DecoderConfig:
        if self.channels % self.n_heads:
            raise ValueError("n_heads must divide channels")
        if max(self.begin, self.end) >= self.n_tokens:
            raise ValueError("begin and end must be under n_tokens")
        return self


class AutoregressiveConfig(DecoderConfig):
    """The decoder that writes the first codebook."""


class NonAutoregressiveConfig(DecoderConfig):
    """The decoder that writes the other codebooks, one after the other.

    Attributes:
        n_codebooks: in all.
        prompt: how a clip's own codes serve as its acoustic prompt in training, and how a prompt is used:
            `none` has none in training, and a prompt's codebooks are added stage by stage (prefix mode 0 of
            lifeiteng/vall-e); `beginning` is the clip's first part, with all codebooks (mode 1); `excerpt` is
            a random part copied in front, and in inference the prompt's text is left out (mode 2).
    """

    n_codebooks: int = Field(8, ge=2)
    prompt: Literal["none", "beginning", "excerpt"] = "beginning"


class AutoregressiveExperiment(ExperimentConfig):
    """A training run of the autoregressive decoder.

    Attributes:
        model: sizes.
        text: languages and symbols.
    """

    model: AutoregressiveConfig = AutoregressiveConfig()
    text: TextConfig = TextConfig()


class NonAutoregressiveExperiment(ExperimentConfig):
    """A training run of the non-autoregressive decoder.

    Attributes:
        model: sizes.
        text: languages and symbols.
    """

    model: NonAutoregressiveConfig = NonAutoregressiveConfig()
    text: TextConfig = TextConfig()
