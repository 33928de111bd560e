"""The pipeline that the card names: with the options of Lite, those that a bundle's configs set."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from hiervox.models.base.pipelines.pitch_transfer import match_pitch
from hiervox.models.base.pipelines.speech_pipeline import SpeechPipeline
from hiervox.models.base.pipelines.text_reader import TextReader
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.tts.hierspeechpp.controls import HierSpeechControls
from hiervox.models.tts.hierspeechpp.lite.networks.spectral_generator import SpectralGenerator
from hiervox.models.tts.hierspeechpp.lite.parts import LiteNetworks
from hiervox.models.tts.hierspeechpp.lite.ttv_config import LiteTextToVecExperiment
from hiervox.models.tts.hierspeechpp.pipeline import build_pipeline
from hiervox.models.tts.hierspeechpp.speaking import HierSpeechSynthesizer
from hiervox.models.tts.hierspeechpp.ttv_config import TextToVecExperiment


def load_pipeline(folder: Path, device: str | torch.device = "cpu") -> SpeechPipeline[HierSpeechControls]:
    """Open a bundle; see `LiteNetworks.load`."""
    return build_pipeline(LiteSpeechSynthesizer(LiteNetworks.load(folder, device)))


class LiteSpeechSynthesizer(HierSpeechSynthesizer):
    """Text-to-vec and the hierarchical synthesizer with options."""

    networks: LiteNetworks

    @property
    def largest_batch(self) -> int | None:  # type: ignore[override]
        """1 for the spectral generator: its phases add up the last bits of F0, which depend on the batch."""
        return 1 if isinstance(self.networks.synthesizer.generator, SpectralGenerator) else None

    def build_reader(self, experiment: TextToVecExperiment) -> TextReader:
        """Of symbols with blanks between, with edges, or with neither."""
        assert isinstance(experiment, LiteTextToVecExperiment)
        return TextReader(experiment.text, experiment.model.blanks, experiment.model.edge)

    def voice_pitch(self, log_f0: Tensor, voice: Voice) -> Tensor:
        """As published; with `model.prompt_pitch` at the mean of the voice's."""
        pitch = super().voice_pitch(log_f0, voice)
        return match_pitch(pitch, voice.pitch) if self.networks.text_to_vec.config.prompt_pitch else pitch
