"""What can be set in HierSpeech. `docs/guides/tts_systems.md` says which choices are not the paper's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import PositiveInt, Tag, model_validator

from hiervox.models.base.config import LossWeight
from hiervox.models.base.data.setup import semantic_by_default
from hiervox.models.tts._vae.config import (
    FlowSizes,
    FourierDecoderSizes,
    HiFiGANDecoderSizes,
    LatentDataConfig,
    LatentExperiment,
    LatentLossConfig,
    LatentModelConfig,
    LatentTrainConfig,
    StackSizes,
)
from hiervox.processors.audio import FRAME_RATE, SAMPLE_RATE
from hiervox.processors.mel_presets import MelSection
from hiervox.processors.semantic import XLS_R
from hiervox.processors.spectrogram import SpectrogramConfig
from hiervox.utils.schema import told_by

TEXT_PARTS = ("text_encoder", "duration_predictor", "flow", "linguistic_encoder", "phoneme_predictor")
"""Of the network: what links text and linguistic latent, which adaptation leaves as it is."""


class HierSpeechDecoderSizes(HiFiGANDecoderSizes):
    """HiFi-GAN V1 from the latent, at 50 frames a second of 16 kHz."""

    rates: tuple[PositiveInt, ...] = (8, 5, 4, 2)
    kernel_sizes: tuple[PositiveInt, ...] = (16, 11, 8, 4)


class HierSpeechFourierDecoderSizes(FourierDecoderSizes):
    """Vocos from the latent, at 50 frames a second of 16 kHz; not published with HierSpeech."""

    n_fft: PositiveInt = 1280
    hop_length: PositiveInt = 320


class HierSpeechConfig(LatentModelConfig):
    """The network.

    Attributes:
        semantic_channels: of the semantic vectors (XLS-R 300m's 1024).
        linguistic: sizes of the linguistic latent's encoder.
        acoustic_flow: between the acoustic and the linguistic latent.
        acoustic: whether there is an acoustic latent; without it the linguistic one is decoded (an ablation).
        phonemes: whether a phoneme predictor reads the linguistic latent.
    """

    n_bins: PositiveInt = 641
    semantic_channels: PositiveInt = 1024
    linguistic: StackSizes = StackSizes(n_layers=16)
    acoustic_flow: FlowSizes = FlowSizes()
    acoustic: bool = True
    phonemes: bool = True
    decoder: Annotated[
        Annotated[HierSpeechDecoderSizes, Tag("hifigan")]
        | Annotated[HierSpeechFourierDecoderSizes, Tag("vocos")],
        told_by("kind", "hifigan"),
    ] = HierSpeechDecoderSizes()
    segment_frames: PositiveInt = 50

    @property
    def posterior_channels(self) -> int:
        """Of what the decoded latent is encoded from."""
        return self.n_bins if self.acoustic else self.semantic_channels


class HierSpeechLossConfig(LatentLossConfig):
    """Weights of the loss terms.

    Attributes:
        acoustic_kl: of the acoustic latent against the linguistic one.
        linguistic_kl: of the linguistic latent against the aligned text's prior.
        phoneme: of the text by CTC, from the linguistic latent.
    """

    acoustic_kl: LossWeight = 1.0
    linguistic_kl: LossWeight = 1.0
    phoneme: LossWeight = 45.0


class HierSpeechDataConfig(LatentDataConfig):
    """Recordings at 16 kHz, the rate of what the semantic vectors are made from."""

    sample_rate: PositiveInt = SAMPLE_RATE


class HierSpeechTrainConfig(LatentTrainConfig):
    """The training loop with VITS's optimizer."""

    max_steps: PositiveInt = 300_000
    batch_size: PositiveInt = 16


class HierSpeechExperiment(LatentExperiment):
    """A training run of HierSpeech, or of its adaptation to speakers without transcripts (HierSpeech-U).

    Attributes:
        adaptation: learn from recordings alone: acoustic encoder, acoustic flow, decoder and voices, with
            `train.freeze` by default all that links text and linguistic latent.
    """

    data: HierSpeechDataConfig
    train: HierSpeechTrainConfig = HierSpeechTrainConfig()
    model: HierSpeechConfig = HierSpeechConfig()
    loss: HierSpeechLossConfig = HierSpeechLossConfig()
    mel: MelSection = SpectrogramConfig()
    adaptation: bool = False

    @model_validator(mode="before")
    @classmethod
    def _semantic_vectors(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and given.get("adaptation"):
            given = {**given, "train": {"freeze": TEXT_PARTS, **(given.get("train") or {})}}
        return semantic_by_default(given, XLS_R)

    @model_validator(mode="after")
    def _frames_are_shared(self) -> HierSpeechExperiment:
        if self.mel.sample_rate != FRAME_RATE * self.mel.hop_length:
            raise ValueError(f"mel must have {FRAME_RATE} frames a second, as the semantic vectors have")
        if self.adaptation and not self.model.acoustic:
            raise ValueError("adaptation needs model.acoustic: all else is linked to the text")
        return self
