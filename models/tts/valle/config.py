"""What can be set in VALL-E. Sizes are the paper's (arXiv 2301.02111, section 5.1)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from hiervox.models.base.config import (
    Beta,
    DataConfig,
    ExperimentConfig,
    LossWeight,
    LossWeights,
    OptimizerConfig,
    ScheduleConfig,
    TrainConfig,
)
from hiervox.models.base.data.setup import FeaturesConfig
from hiervox.models.tts.config import TokenLimits
from hiervox.models.tts.valle.networks.pre_norm import PreNormTransformerSizes
from hiervox.models.tts.valle.phones import PhoneTable
from hiervox.processors.text.config import TextConfig


class DecoderConfig(PreNormTransformerSizes):
    """What both decoders are made of.

    Attributes:
        n_tokens: rows of the text table: phonemes, and the marks of beginning and end.
        begin, end: ids of these marks.
        n_codes: entries of a codebook.
        monotonic: each position of codes is given the token that is spoken next, and the autoregressive
            decoder predicts how many tokens further the one after it is, so that no word is left out or said
            twice (after VALL-E R, arXiv 2406.07855). Training then needs an aligned corpus. False in VALL-E.
    """

    n_tokens: PositiveInt = 180
    begin: int = Field(178, ge=0)
    end: int = Field(179, ge=0)
    n_codes: PositiveInt = 1024
    monotonic: bool = False
    channels: PositiveInt = Field(1024, multiple_of=2)

    @model_validator(mode="after")
    def _sizes_fit(self) -> DecoderConfig:
        if self.channels % self.n_heads:
            raise ValueError("n_heads must divide channels")
        if max(self.begin, self.end) >= self.n_tokens:
            raise ValueError("begin and end must be under n_tokens")
        return self


class AutoregressiveConfig(DecoderConfig):
    """The decoder that writes the first codebook.

    Attributes:
        group_size: codes that are read and written together in one step (VALL-E 2, arXiv 2406.05370, section
            3); 1 in VALL-E.
        chained: each code of a group is predicted from the one before it in the group, too; in VALL-E 2 they
            are drawn independently.
        most_advance: tokens that the text can go on by between two positions, where `monotonic`.
    """

    group_size: PositiveInt = 1
    chained: bool = False
    most_advance: PositiveInt = 4


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


class AutoregressiveLossConfig(LossWeights):
    """What is minimised.

    Attributes:
        cross_entropy: weight of that of codes.
        advance: weight of the cross-entropy of how far the text goes on, where `model.monotonic`.
        count_padding: positions in padding count too, with the end as their target, as in the code of
            lifeiteng/vall-e and Amphion. A batch's loss then depends on how its clips are padded.
    """

    cross_entropy: LossWeight = 1.0
    advance: LossWeight = 1.0
    count_padding: bool = False


class NonAutoregressiveLossConfig(LossWeights):
    """What is minimised."""

    cross_entropy: LossWeight = 1.0


class ClipLimits(TokenLimits):
    """Which utterances are trained on: by seconds (lifeiteng/vall-e and Amphion), and by tokens."""

    min_seconds: PositiveFloat = 0.5
    max_seconds: PositiveFloat = 14.0
    max_tokens: PositiveInt = 400

    def allow(self, seconds: float, tokens: int) -> bool:
        """Whether a clip is within the limits."""
        return self.allow_tokens(tokens) and self.min_seconds <= seconds <= self.max_seconds


class ValleDataConfig(DataConfig):
    """Recordings at the codec's rate.

    Attributes:
        hop_length: of the codec.
    """

    sample_rate: PositiveInt = 24_000
    hop_length: PositiveInt | None = 320


class ValleOptimizerConfig(OptimizerConfig):
    """AdamW as in Amphion."""

    learning_rate: PositiveFloat = 1e-4
    betas: tuple[Beta, Beta] = (0.9, 0.95)
    eps: PositiveFloat = 1e-8


class ValleScheduleConfig(ScheduleConfig):
    """A warm-up and a cosine, as in Amphion."""

    kind: str = "cosine"
    warmup_steps: int = Field(16_000, ge=0)


class ValleTrainConfig(TrainConfig):
    """The training loop with Amphion's optimizer and schedule; length and norm limit as in the paper and in
    lifeiteng/vall-e."""

    max_steps: PositiveInt = 800_000
    batch_size: PositiveInt = 16
    clip_norm: PositiveFloat | None = 1.0
    optimizer: ValleOptimizerConfig = ValleOptimizerConfig()
    schedule: ValleScheduleConfig = ValleScheduleConfig()


class DecoderExperiment(ExperimentConfig):
    """What training runs of both decoders have.

    Attributes:
        features: `codes` names the codec.
        text: languages and symbols.
        limits: which utterances are used.
        codec_embeddings: embeddings and output matrices begin with what the codec's codebooks hold (see
            `fourier_features`); the paper's begin at random.
    """

    data: ValleDataConfig
    train: ValleTrainConfig = ValleTrainConfig()
    model: DecoderConfig
    features: FeaturesConfig = FeaturesConfig()
    text: TextConfig = TextConfig()
    limits: ClipLimits = ClipLimits()
    codec_embeddings: bool = False

    @model_validator(mode="after")
    def _text_fits(self) -> DecoderExperiment:
        if self.model.n_tokens < len(self.text.symbols):
            raise ValueError(f"model.n_tokens must be over {len(self.text.symbols)}, for text.symbols")
        return self


class AutoregressiveExperiment(DecoderExperiment):
    """A training run of the autoregressive decoder.

    Attributes:
        model: sizes.
        loss: see `AutoregressiveLossConfig`.
        corrupted_codes: share of the codes read in training that are drawn at random instead, so that the
            text has to tell what follows. 0 is the paper's training.
        phones: the symbols of a published model, which speaks and is not trained further here.
    """

    model: AutoregressiveConfig = AutoregressiveConfig()
    loss: AutoregressiveLossConfig = AutoregressiveLossConfig()
    corrupted_codes: float = Field(0.0, ge=0, lt=1)
    phones: PhoneTable = PhoneTable()

    @model_validator(mode="after")
    def _phones_fit(self) -> AutoregressiveExperiment:
        if self.model.n_tokens < len(self.phones.symbols):
            raise ValueError(f"model.n_tokens must be {len(self.phones.symbols)} or more, for phones.symbols")
        return self


class NonAutoregressiveExperiment(DecoderExperiment):
    """A training run of the non-autoregressive decoder.

    Attributes:
        model: sizes.
        loss: see `NonAutoregressiveLossConfig`.
    """

    model: NonAutoregressiveConfig = NonAutoregressiveConfig()
    loss: NonAutoregressiveLossConfig = NonAutoregressiveLossConfig()
