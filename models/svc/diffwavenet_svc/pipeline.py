"""DiffWaveNetSVC for use."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from hiervox.models.base.pipelines.speech_pipeline import SpeechPipeline
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.svc._singing.condition import Song
from hiervox.models.svc._singing.network import Noise
from hiervox.models.svc._singing.pipeline import SpectrogramConverter, build_pipeline
from hiervox.models.svc.diffwavenet_svc.config import DiffWaveNetSVCExperiment
from hiervox.models.svc.diffwavenet_svc.controls import DiffWaveNetSVCControls
from hiervox.models.svc.diffwavenet_svc.network import DiffWaveNetSVC


class DiffWaveNetSVCConverter(SpectrogramConverter[DiffWaveNetSVCControls, DiffWaveNetSVC]):
    """The spectrogram by a solver of the diffusion."""

    def sample(self, song: Song, voice: Voice, noise: Noise, controls: DiffWaveNetSVCControls) -> Tensor:
        """See `SingingConverter.sample`."""

        def scaled(draw: int) -> Tensor:
            return controls.temperature * noise(draw)

        return self.network.sing(
            song, self.voices.styles([voice]), scaled, controls.steps, controls.solver, controls.depth
        )


def load_pipeline(folder: Path, device: str | torch.device = "cpu") -> SpeechPipeline[DiffWaveNetSVCControls]:
    """Open a checkpoint or run, or a bundle of one and a vocoder.

    Raises:
        CheckpointError: the network is missing, broken, or of another system.
    """
    return build_pipeline(
        folder,
        device,
        DiffWaveNetSVCControls,
        DiffWaveNetSVCConverter,
        DiffWaveNetSVC,
        DiffWaveNetSVCExperiment,
    )
