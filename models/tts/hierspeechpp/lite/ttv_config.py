"""The options of text-to-vec that the paper has not.

With none of them set, a network and its training are the published ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pydantic import Field, model_validator

from hiervox.models.base.config import LossWeight
from hiervox.models.tts.hierspeechpp.lite.config import PRIOR_KEYS
from hiervox.models.tts.hierspeechpp.lite.networks.contour_predictor import ContourSizes
from hiervox.models.tts.hierspeechpp.lite.networks.voice_encoder import SpeakerEncoderSizes
from hiervox.models.tts.hierspeechpp.ttv_config import (
    TextToVecConfig,
    TextToVecExperiment,
    TextToVecLossConfig,
)
from hiervox.modules.predictors.stochastic_duration import StochasticDurationSizes


class DurationSizes(StochasticDurationSizes):
    """The stochastic duration predictor.

    Attributes:
        noise: factor of the deviation of its draws, beside the noise scale of inference: what a small model
            draws is wider than speech is, and costs words.
    """

    noise: float = Field(1.0, ge=0)


class LiteTextToVecConfig(TextToVecConfig):
    """The text-to-vec model with options.

    Attributes:
        speaker: what turns the prompt's embedding by the synthesizer's speaker encoder into a part of the
            style; see `LiteSynthesizerConfig.speaker_encoder`.
        duration: with a factor of its noise.
        contour: the pitch predictor that takes the place of the published one; None for that one.
        blanks: whether a blank stands before, between and after the tokens, as published. At 50 frames a
            second speech has about 2.7 frames to a token, and each blank takes one, so quick sounds don't
            fit. Without blanks the phoneme classifier learns by the forward sum instead of CTC.
        edges: whether a space stands before the first token and behind the last one, which takes what a
            recording holds before and after its words; blanks do so already. The first and the last sound of
            a text are learnt together with it else.
        alignment_ctc: factor of the phoneme classifier's log-probabilities in the alignment search, beside
            the prior's density: CTC finds the phonemes long before the prior tells one from another.
        prompt_pitch: whether what is predicted is shifted to the mean of the prompt's F0
            (`pitch_transfer.match_pitch`): in new voices a small model's prediction is off.
        prior_temperature: factor of the prior's deviation wherever it is drawn from to speak, beside the
            noise scale of inference: a small model's prior is wider than speech needs.
        prior_sampling_ratio: share of training items whose semantic vectors and F0 are decoded from the
            aligned text, as in inference, instead of from their posterior. With little data it brings text to
            speech in fewer steps than the divergence alone.
    """

    renamed: ClassVar[dict[str, str]] = PRIOR_KEYS

    speaker: SpeakerEncoderSizes | None = None
    duration: DurationSizes = DurationSizes()
    contour: ContourSizes | None = None
    blanks: bool = True
    edges: bool = False
    alignment_ctc: float = Field(0.0, ge=0)
    prompt_pitch: bool = False
    prior_temperature: float = Field(1.0, ge=0)
    prior_sampling_ratio: float = Field(0.0, ge=0, le=1)

    @property
    def edge(self) -> str:
        """The symbol at either end of a text; none without `edges`."""
        return " " if self.edges else ""

    @property
    def embedding(self) -> SpeakerEncoderSizes | None:
        """Of the speaker embedding that a prompt needs; None where it needs none."""
        if self.speaker is None and self.contour is not None:
            return self.contour.speaker
        return self.speaker

    @model_validator(mode="after")
    def _options_fit(self) -> LiteTextToVecConfig:
        if self.edges and self.blanks:
            raise ValueError("edges needs blanks: false; a blank stands at either end already")
        widths = {
            sizes.channels for sizes in (self.embedding, self.contour and self.contour.speaker) if sizes
        }
        if len(widths) > 1:
            raise ValueError("contour.speaker.channels must be speaker.channels: there is one embedding")
        return self


class LiteTextToVecLossConfig(TextToVecLossConfig):
    """Weights of the loss terms; with `model.contour`, `log_f0` is that of voiced frames.

    Attributes:
        voicing: with `model.contour`, cross entropy of what is voiced.
    """

    voicing: LossWeight = 0.3


class LiteTextToVecExperiment(TextToVecExperiment):
    """A training run of text-to-vec with options.

    Attributes:
        speaker_encoder: a safetensors file with the weights of the synthesizer's speaker encoder, which
            training with `model.speaker` or `model.contour` needs; they are not part of this network.
    """

    model: LiteTextToVecConfig = LiteTextToVecConfig()
    loss: LiteTextToVecLossConfig = LiteTextToVecLossConfig()
    speaker_encoder: Path | None = None

    @model_validator(mode="after")
    def _options_fit(self) -> LiteTextToVecExperiment:
        if self.model.edges and self.model.edge not in self.text.symbols:
            raise ValueError("model.edges needs a space among text.symbols")
        return self
