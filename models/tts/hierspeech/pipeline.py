"""HierSpeech for use: text to speech, and conversion between its voices."""

from __future__ import annotations

from pathlib import Path

import torch

from hiervox.models.base.checkpoints.inference import load_as
from hiervox.models.base.pipelines.speech_pipeline import SpeechPipeline
from hiervox.models.tts._vae.pipeline import latent_pipeline
from hiervox.models.tts.hierspeech.config import HierSpeechExperiment
from hiervox.models.tts.hierspeech.controls import HierSpeechControls
from hiervox.models.tts.hierspeech.network import HierSpeech


def load_pipeline(folder: Path, device: str | torch.device = "cpu") -> SpeechPipeline[HierSpeechControls]:
    """Load a checkpoint folder, or the last checkpoint of a run folder.

    Raises:
        CheckpointError: it is missing, broken, or another system's.
    """
    network, experiment = load_as(folder, device, HierSpeech, HierSpeechExperiment, plain=True)
    converts = network.config.acoustic
    return latent_pipeline(folder, device, HierSpeechControls, network, experiment, converts=converts)
