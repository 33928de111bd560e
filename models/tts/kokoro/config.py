"""What can be set in Kokoro. Defaults are the published model's."""

from __future__ import annotations

from pydantic import PositiveInt, model_validator

from hiervox.models.base.config import DataConfig, ExperimentConfig
from hiervox.models.tts.kokoro.networks.encoders import BertSizes
from hiervox.models.tts.kokoro.networks.generator import GeneratorSizes
from hiervox.processors.mel_presets import MelSection, mel_preset
from hiervox.processors.text.config import TextConfig
from hiervox.utils.config import Config

RATE = 24_000
"""Hz, of the waveforms."""
VALUES_PER_FRAME = 2
"""Of F0 and energy, to a frame of the text."""


class KokoroConfig(Config):
    """The network.

    Attributes:
        n_symbols: size of the phoneme tables; row 0 stands at both ends.
        channels: of the text.
        style_channels: half of a style: the first half is for sound, the second for prosody.
        n_layers: convolutions of the text encoder, LSTMs of the prosody's encoder.
        longest_duration: of a phoneme, in frames of 25 ms.
        bert, generator: sizes of the parts.
        voices: names, in the order of their styles.
        style_rows: styles of a voice, one for each number of phonemes.
    """

    n_symbols: PositiveInt = 178
    channels: PositiveInt = 512
    style_channels: PositiveInt = 128
    n_layers: PositiveInt = 3
    longest_duration: PositiveInt = 50
    bert: BertSizes = BertSizes()
    generator: GeneratorSizes = GeneratorSizes()
    voices: tuple[str, ...] = ()
    style_rows: PositiveInt = 510

    @model_validator(mode="after")
    def _names_differ(self) -> KokoroConfig:
        if len(set(self.voices)) < len(self.voices):
            raise ValueError("voices must have different names")
        return self


class KokoroDataConfig(DataConfig):
    """24 kHz."""

    sample_rate: PositiveInt = RATE


class KokoroExperiment(ExperimentConfig):
    """A published Kokoro; it can't be trained here.

    Attributes:
        model: sizes.
        text: languages, and the symbols of misaki's phonemes by their rows.
        mel: of spectrograms that are drawn.
    """

    data: KokoroDataConfig
    model: KokoroConfig = KokoroConfig()
    text: TextConfig = TextConfig()
    mel: MelSection = mel_preset("vocos")

    @model_validator(mode="after")
    def _fits_together(self) -> KokoroExperiment:
        self.text.require_rows(self.model.n_symbols)
        return self
