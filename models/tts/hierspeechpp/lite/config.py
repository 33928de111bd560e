"""The options of the hierarchical synthesizer that the paper has not.

With none of them set, a network and its training are the published ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field, PositiveInt, Tag, model_validator

from hiervox.models.base.config import LossWeight
from hiervox.models.tts._hierarchy.config import (
    SynthesizerConfig,
    SynthesizerExperiment,
    SynthesizerLossConfig,
)
from hiervox.models.tts._hierarchy.networks.source_generator import SourceGeneratorSizes
from hiervox.models.tts.hierspeechpp.lite.networks.spectral_generator import SpectralGeneratorSizes
from hiervox.models.tts.hierspeechpp.lite.networks.voice_encoder import SpeakerEncoderSizes
from hiervox.processors.audio import HOP_LENGTH
from hiervox.processors.semantic.config import SemanticConfig
from hiervox.utils.schema import told_by

PRIOR_KEYS = {"prior_noise": "prior_temperature", "spoken_ratio": "prior_sampling_ratio"}
"""Keys of both parts by their former names."""


AnyGeneratorSizes = Annotated[
    Annotated[SourceGeneratorSizes, Tag("amp")] | Annotated[SpectralGeneratorSizes, Tag("istft")],
    told_by("kind", "amp"),
]


class LiteSynthesizerConfig(SynthesizerConfig):
    """The hierarchical synthesizer with options.

    Attributes:
        speaker_encoder: a pretrained one whose embedding of the prompt adds to the style: few training voices
            teach little about those that are none of them.
        generator: the published one, or one that ends in an inverse STFT.
        discriminator_frames: how much of the slice the discriminators see, from a random place; None is all.
            The reconstruction terms can then see more than the dearer discriminators.
        clean_prompts: whether the style encoder sees prompts with their stationary noise reduced, in
            inference; the speaker encoder sees them as they are.
        clean_sources: whether voice conversion tracks the F0 of its sources with their stationary noise
            reduced: noise, too, has periods, which are spoken as voice else.
        noise_floor: factor of what a voice makes of silence, which is subtracted from what it says, in
            inference; 0 subtracts nothing. For the generator `istft` alone, whose noise has gains of its own:
            a prompt's background is spoken along else.
        style_truncation: how much of a prompt's style is left of its difference from the mean style that is
            kept beside the weights, in inference: the truncation trick's ψ (StyleGAN, arXiv 1812.04948,
            appendix B). 1 leaves a style as it is; less costs likeness, and words are clearer.
        prior_temperature: factor of the agnostic prior's deviation wherever it is drawn from to speak, beside
            the noise scale of inference: a small model's prior is wider than speech needs.
        prior_sampling_ratio: share of training items whose slice the generator makes from the semantic
            vectors, by the way that inference takes, instead of from the recording. It brings the priors to
            speech in fewer steps than the divergences alone.
        predicted_ratio: share of training items whose lowest prior reads `features.predicted_by`'s vectors
            instead of a perturbed copy's, where such are extracted: they are smoother.
    """

    renamed: ClassVar[dict[str, str]] = {**PRIOR_KEYS, "judged_frames": "discriminator_frames"}

    speaker_encoder: SpeakerEncoderSizes | None = None
    generator: AnyGeneratorSizes = SourceGeneratorSizes()  # type: ignore[assignment]
    discriminator_frames: PositiveInt | None = None
    clean_prompts: bool = False
    clean_sources: bool = False
    noise_floor: float = Field(0.0, ge=0)
    style_truncation: float = Field(1.0, gt=0, le=1)
    prior_temperature: float = Field(1.0, ge=0)
    prior_sampling_ratio: float = Field(0.0, ge=0, le=1)
    predicted_ratio: float = Field(0.5, ge=0, le=1)

    @property
    def takes_f0(self) -> bool:
        """As published; the generator `istft` follows F0, too."""
        return super().takes_f0 or self.generator.kind == "istft"

    @model_validator(mode="after")
    def _options_fit(self) -> LiteSynthesizerConfig:
        if self.noise_floor and not isinstance(self.generator, SpectralGeneratorSizes):
            raise ValueError("noise_floor needs generator.kind istft")
        if self.generator.kind == "istft" and self.source is None:
            raise ValueError("generator.kind istft needs source")
        if self.discriminator_frames is not None and self.discriminator_frames > self.slice_frames:
            raise ValueError("discriminator_frames is over slice_frames")
        return self


class LiteSynthesizerLossConfig(SynthesizerLossConfig):
    """Weights of further terms.

    Attributes:
        fine_mel: `mel` in windows of 20 ms instead of 80: it times what changes fast where there are no
            discriminators yet to do so.
        speaker: distance of the sound's speaker embedding from the prompt's.
        semantic: that of its hidden states in the network of `features.semantic` from the recording's.
    """

    fine_mel: LossWeight = 0.0
    speaker: LossWeight = 0.0
    semantic: LossWeight = 0.0


class LiteSynthesizerExperiment(SynthesizerExperiment):
    """A training run of the hierarchical synthesizer with options.

    Attributes:
        speaker_encoder: a safetensors file with the weights of `model.speaker_encoder`; a run that starts
            from weights that hold them needs none.
        source_semantic: the encoder that voice conversion encodes its sources by, in inference, whose vectors
            mean the same as those of `features.semantic`; None for that one. A larger network that was taught
            these vectors loses fewer words of a noisy recording.
    """

    model: LiteSynthesizerConfig = LiteSynthesizerConfig()
    loss: LiteSynthesizerLossConfig = LiteSynthesizerLossConfig()
    speaker_encoder: Path | None = None
    source_semantic: SemanticConfig | None = None

    @model_validator(mode="after")
    def _options_fit(self) -> LiteSynthesizerExperiment:
        frames = self.model.discriminator_frames or self.model.slice_frames
        if self.adversarial and frames * HOP_LENGTH < self.discriminator_samples:
            raise ValueError("model.discriminator_frames is shorter than what the discriminators take")
        if self.loss.has_weight("speaker") and self.model.speaker_encoder is None:
            raise ValueError("loss.speaker has a weight, but there is no model.speaker_encoder")
        return self
