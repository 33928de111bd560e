"""What can be set in EnCodec. Defaults are the published 24 kHz model's (arXiv 2210.13438)."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, Tag, model_validator

from hiervox.models.base.config import (
    Beta,
    DataConfig,
    LossWeight,
    OptimizerConfig,
    ScheduleConfig,
    TrainConfig,
)
from hiervox.models.base.training.adversarial_config import AdversarialExperiment, AdversarialLossConfig
from hiervox.models.base.training.discriminators import AnyDiscriminator
from hiervox.models.codec.encodec.losses.mel_power import MelDistance
from hiervox.models.codec.encodec.networks.residual_vector import ResidualVectorSizes
from hiervox.models.codec.encodec.networks.seanet import SEANetSizes
from hiervox.modules.discriminators.multi_resolution_stft import MultiResolutionSTFTConfig
from hiervox.modules.generators.vocos import VocosSizes
from hiervox.utils.schema import Sizes, told_by

CODEBOOK_DECAY = 0.99  # section 3.2
LEAST_USAGE = 2.0  # the published code


class SEANetDecoderSizes(Sizes):
    """The published decoder, whose sizes are the encoder's."""

    kind: Literal["seanet"] = "seanet"


class FourierDecoderSizes(VocosSizes):
    """Vocos from the quantized embeddings (arXiv 2306.00814, section 4.3), at a fraction of SEANet's cost.

    Attributes:
        n_fft: four hops of the published codec.
    """

    kind: Literal["vocos"] = "vocos"
    in_channels: PositiveInt = 128
    channels: PositiveInt = 384
    hidden_channels: PositiveInt = 1152
    n_fft: PositiveInt = 1280
    hop_length: PositiveInt = 320
    padding: Literal["same"] = "same"


AnyDecoderSizes = Annotated[
    Annotated[SEANetDecoderSizes, Tag("seanet")] | Annotated[FourierDecoderSizes, Tag("vocos")],
    told_by("kind", "seanet"),
]


class EncodecConfig(SEANetSizes):
    """Sizes of the codec: those of encoder and decoder, of the quantizer, and of segments.

    Attributes:
        sample_rate: Hz.
        scale_input: divide each segment by its root mean square, and multiply the decoded one by it.
        segment_seconds: length of the segments that are coded on their own; None codes the whole at once.
        overlap: of neighbouring segments, over their length.
        n_codebooks, n_entries: of the quantizer.
        codebook_decay: of the moving averages that the codebooks follow.
        least_usage: entries used less per batch, on average, are replaced.
        commit_all: every codebook's commitment loss reaches the encoder; in the published code only the
            first one's does.
        decoder: the published one, or one of frames, which looks ahead too.
        bandwidths: kbit/s that training draws from and that users may name.
    """

    sample_rate: PositiveInt = 24_000
    scale_input: bool = False
    segment_seconds: PositiveFloat | None = None
    overlap: float = Field(0.01, ge=0, lt=1)
    n_codebooks: PositiveInt = 32
    n_entries: int = Field(1024, ge=2)
    codebook_decay: float = Field(CODEBOOK_DECAY, gt=0, lt=1)
    least_usage: NonNegativeFloat = LEAST_USAGE
    commit_all: bool = True
    decoder: AnyDecoderSizes = SEANetDecoderSizes()
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

    @model_validator(mode="after")
    def _decoder_fits(self) -> EncodecConfig:
        decoder = self.decoder
        if isinstance(decoder, FourierDecoderSizes):
            own = (decoder.in_channels, decoder.hop_length, decoder.condition_channels)
            if own != (self.dimension, self.hop_length, 0) or self.audio_channels != 1:
                raise ValueError(
                    f"decoder vocos needs in_channels {self.dimension}, hop_length {self.hop_length}, no "
                    "condition_channels, and audio_channels 1"
                )
        return self

    @property
    def quantizer(self) -> ResidualVectorSizes:
        """Of the quantizer, whose entries are embeddings."""
        return ResidualVectorSizes(
            n_codebooks=self.n_codebooks,
            n_entries=self.n_entries,
            dimension=self.dimension,
            decay=self.codebook_decay,
            least_usage=self.least_usage,
            commit_all=self.commit_all,
        )

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


WINDOW_LENGTHS = (2048, 1024, 512, 256, 128)
"""Samples, of the discriminator's transforms at 24 kHz (section 3.4)."""


def _discriminators() -> dict[str, AnyDiscriminator]:
    published = MultiResolutionSTFTConfig(
        window_lengths=WINDOW_LENGTHS, slope=0.2, normalize_first=False, logits_are_feature=False
    )
    return {"stft": published}


class EncodecLossConfig(AdversarialLossConfig):
    """Shares of the gradient at the output (the balancer, section 3.4), as audiocraft sets them.

    Attributes:
        wave: L1 of the waveform.
        mel: of mel spectrograms at several resolutions.
        adversarial, feature_matching: of the discriminators.
        commitment: a plain weight, outside the balancer.
        balancer_decay: of the running means of the gradients' norms. The first steps' gradients are far
            larger than later ones, and a mean that is slow to forget them hides the losses that have them
            from a run of a few thousand steps.
        mel_windows: samples, one a resolution.
        mel_bins, mel_f_min: of the mel filters.
        mel_distance: of two mel spectrograms, see `MultiScaleMelLoss`.
    """

    kind: Literal["least_squares", "hinge", "clipped_hinge"] = "hinge"
    reduction: Literal["sum", "mean"] = "mean"
    wave: LossWeight = 0.1
    mel: LossWeight = 2.0
    adversarial: LossWeight = 4.0
    feature_matching: LossWeight = 4.0
    commitment: LossWeight = 1.0
    balancer_decay: float = Field(0.999, ge=0, lt=1)
    mel_windows: tuple[PositiveInt, ...] = Field((64, 128, 256, 512, 1024), min_length=1)
    mel_bins: PositiveInt = 64
    mel_f_min: NonNegativeFloat = 64.0
    mel_distance: MelDistance = "power"


class EncodecDataConfig(DataConfig):
    """Segments of one second (section 4.1).

    Attributes:
        segment_samples: length of the random segments.
    """

    sample_rate: PositiveInt = 24_000
    segment_samples: PositiveInt | None = 24_000


class EncodecOptimizerConfig(OptimizerConfig):
    """Adam, as section 4.1 says."""

    name: Literal["Adam", "AdamW", "Adamax", "NAdam", "RAdam"] = "Adam"
    learning_rate: PositiveFloat = 3e-4
    betas: tuple[Beta, Beta] = (0.5, 0.9)
    eps: PositiveFloat = 1e-8
    weight_decay: float = Field(0.0, ge=0)


class EncodecScheduleConfig(ScheduleConfig):
    """A constant rate."""

    decay: float = Field(1.0, gt=0, le=1)


class EncodecTrainConfig(TrainConfig):
    """The training loop with the published optimizer, batch and length (section 4.1)."""

    max_steps: PositiveInt = 600_000
    batch_size: PositiveInt = 64
    optimizer: EncodecOptimizerConfig = EncodecOptimizerConfig()
    schedule: EncodecScheduleConfig = EncodecScheduleConfig()


class EncodecExperiment(AdversarialExperiment):
    """A training run of EnCodec.

    Attributes:
        model: sizes.
        loss: shares and weights.
        discriminators: of waveforms at `model.sample_rate`.
    """

    data: EncodecDataConfig
    train: EncodecTrainConfig = EncodecTrainConfig()
    model: EncodecConfig = EncodecConfig()
    loss: EncodecLossConfig = EncodecLossConfig()
    discriminators: dict[str, AnyDiscriminator] = Field(default_factory=_discriminators)

    @model_validator(mode="after")
    def _fits_together(self) -> EncodecExperiment:
        if self.data.sample_rate != self.model.sample_rate:
            raise ValueError(f"data.sample_rate must be model.sample_rate, {self.model.sample_rate}")
        segment = self.data.segment_samples
        longest = max(*self.loss.mel_windows, self.discriminator_samples)
        if segment is not None and segment < longest:
            raise ValueError(f"data.segment_samples is too short for a window of {longest} samples")
        return self
