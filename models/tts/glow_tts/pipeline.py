"""Glow-TTS for use: text to speech with any vocoder."""

from __future__ import annotations

from pathlib import Path

import torch

from hiervox.models.base.checkpoints.inference import load_as
from hiervox.models.base.pipelines.bundle import find_part
from hiervox.models.base.pipelines.mel_synthesizer import MelSynthesizer, VocoderChoice
from hiervox.models.base.pipelines.speech_pipeline import SpeechPipeline
from hiervox.models.tts._flow.network import FlowTextToFrames
from hiervox.models.tts._flow.pipeline import VOICE_TENSORS, FlowAcoustic
from hiervox.models.tts._voices.pipeline import SpeakerVoices
from hiervox.models.tts.glow_tts.config import GlowTtsExperiment
from hiervox.models.tts.glow_tts.controls import GlowTtsControls
from hiervox.models.tts.symbols import require_symbol_rows


def load_pipeline(folder: Path, device: str | torch.device = "cpu") -> SpeechPipeline[GlowTtsControls]:
    """Load a bundle with a vocoder, a checkpoint folder, or the last checkpoint of a run folder.

    Raises:
        CheckpointError: it is missing, broken, another system's, or reads other symbols than the text front
            end writes.
    """
    place = find_part(folder, "tts").folder
    network, experiment = load_as(place, device, FlowTextToFrames, GlowTtsExperiment, plain=True)
    require_symbol_rows(folder, network.config.n_symbols, experiment.text)
    voices = SpeakerVoices(network, experiment.mel, VOICE_TENSORS)
    acoustic = FlowAcoustic(network, experiment.text, voices)
    synthesizer = MelSynthesizer[GlowTtsControls](acoustic, VocoderChoice(folder, experiment.mel, device))
    return SpeechPipeline(folder, device, GlowTtsControls, synthesizer, voices)
