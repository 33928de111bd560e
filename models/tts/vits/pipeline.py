"""VITS for use: text to speech, and conversion between its voices."""

from __future__ import annotations

from pathlib import Path

import torch

from hiervox.models.base.checkpoints.inference import load_as
from hiervox.models.base.pipelines.speech_pipeline import SpeechPipeline
from hiervox.models.tts._vae.pipeline import latent_pipeline
from hiervox.models.tts.vits.config import VitsExperiment
from hiervox.models.tts.vits.controls import VitsControls
from hiervox.models.tts.vits.network import Vits


def load_pipeline(folder: Path, device: str | torch.device = "cpu") -> SpeechPipeline[VitsControls]:
    """Load a checkpoint folder, or the last checkpoint of a run folder.

    Raises:
        CheckpointError: it is missing, broken, or another system's.
    """
    network, experiment = load_as(folder, device, Vits, VitsExperiment, plain=True)
    return latent_pipeline(folder, device, VitsControls, network, experiment)
