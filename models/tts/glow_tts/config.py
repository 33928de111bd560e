"""What can be set in Glow-TTS. Defaults are the published LJ Speech model's."""

from __future__ import annotations

from pydantic import Field, PositiveInt, model_validator

from hiervox.models.base.config import DataConfig
from hiervox.models.tts._flow.config import FlowExperiment
from hiervox.processors.mel_presets import MelSection, mel_preset


class GlowTtsDataConfig(DataConfig):
    """Recordings at 22.05 kHz."""

    sample_rate: PositiveInt = 22_050


class GlowTtsExperiment(FlowExperiment):
    """A training run of Glow-TTS.

    Attributes:
        mel: what the text becomes; a vocoder has to take the same. The published one is Tacotron 2's.
        dither: width of the uniform noise that is added to the waveform in training; the published code adds
            one step of 16 bit. Without any, digital silence is one value again and again, whose likelihood
            grows without bound.
    """

    data: GlowTtsDataConfig
    mel: MelSection = mel_preset("tacotron")
    dither: float = Field(1 / 32768, ge=0, le=0.01)

    @model_validator(mode="after")
    def _fits_together(self) -> GlowTtsExperiment:
        if self.mel.n_mels != self.model.frame_channels:
            raise ValueError(f"model.frame_channels must be mel.n_mels, {self.mel.n_mels}")
        return self
