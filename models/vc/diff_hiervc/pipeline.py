"""Diff-HierVC for use: voice conversion with any vocoder."""

from __future__ import annotations

import math
from pathlib import Path

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.inference import load_as
from hiervox.models.base.pipelines.bundle import find_part
from hiervox.models.base.pipelines.mel_synthesizer import VocoderChoice
from hiervox.models.base.pipelines.pitch_curve import HIGHEST_HZ
from hiervox.models.base.pipelines.segments import Segment, f0_by_segments
from hiervox.models.base.pipelines.speech_pipeline import SpeechPipeline
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.vc._diffusion.pipeline import (
    DiffusionConverter,
    build_pipeline,
    curve_of,
    noises_like,
)
from hiervox.models.vc.diff_hiervc.config import DiffHierVCExperiment
from hiervox.models.vc.diff_hiervc.controls import DiffHierVCControls
from hiervox.models.vc.diff_hiervc.networks.diff_hiervc import DiffHierVC
from hiervox.processors.audio import Waveform
from hiervox.processors.pitch import F0Contour, log_f0, normalise_f0


def load_pipeline(folder: Path, device: str | torch.device = "cpu") -> SpeechPipeline[DiffHierVCControls]:
    """Load a bundle with a vocoder, a checkpoint folder, or the last checkpoint of a run folder.

    Raises:
        CheckpointError: it is missing, broken, or another system's.
    """
    place = find_part(folder, "vc").folder
    network, experiment = load_as(place, device, DiffHierVC, DiffHierVCExperiment)
    converter = DiffHierVCConverter(
        network, experiment, VocoderChoice(folder, experiment.mel, device), device
    )
    return build_pipeline(folder, DiffHierVCControls, converter, network, place)


class DiffHierVCConverter(DiffusionConverter[DiffHierVCControls]):
    """The contour is sampled before the spectrogram.

    Args:
        network: in evaluation mode.
        experiment: of the network.
        vocoder: from which the controls choose.
        device: where the network runs.
    """

    def __init__(
        self,
        network: DiffHierVC,
        experiment: DiffHierVCExperiment,
        vocoder: VocoderChoice,
        device: str | torch.device,
    ) -> None:
        super().__init__(experiment, vocoder, device)
        self.network = network

    def pitch(
        self, source: Waveform, tracked: F0Contour, voice: Voice, controls: DiffHierVCControls
    ) -> F0Contour:
        """Sampled segment by segment, from the shape of the source's contour and what is said."""
        generator = torch.Generator().manual_seed(controls.seed)
        normalised, style = normalise_f0(tracked), self.style(voice)

        @torch.inference_mode()
        def sampled(seen: Tensor, segment: Segment) -> F0Contour:
            shape, own = (
                torch.from_numpy(curve_of(curve, seen, segment))[None, None].to(self.device)
                for curve in (normalised, log_f0(tracked))
            )
            log_pitch = self.network.convert_pitch(
                self.content.extract(seen),
                shape,
                own,
                style,
                noises_like(own, controls, generator),
                controls.pitch_steps,
            )
            limited = log_pitch.float().clamp(0, math.log1p(HIGHEST_HZ))
            return limited.expm1()[0, 0].cpu().numpy()

        return f0_by_segments(source, self.device, sampled)

    def sample(
        self,
        seen: Tensor,
        mel: Tensor,
        f0: F0Contour,
        voice: Voice,
        controls: DiffHierVCControls,
        generator: torch.Generator,
    ) -> Tensor:
        """The spectrogram of a segment."""
        log_pitch = torch.from_numpy(log_f0(f0))[None, None].to(self.device)
        return self.network.convert(
            self.content.extract(seen),
            log_pitch,
            mel,
            self.style(voice),
            noises_like(mel, controls, generator),
            controls.steps,
        )
