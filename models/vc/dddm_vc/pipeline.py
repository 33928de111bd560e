"""DDDM-VC for use: voice conversion with any vocoder."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.inference import load_as
from hiervox.models.base.pipelines.bundle import part_checkpoint
from hiervox.models.base.pipelines.mel_synthesizer import VocoderChoice
from hiervox.models.base.pipelines.pitch_transfer import PitchStatistics, transfer_pitch
from hiervox.models.base.pipelines.speech_pipeline import SpeechPipeline
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.vc._diffusion.pipeline import DiffusionConverter, build_pipeline, noises_like
from hiervox.models.vc.dddm_vc.config import DDDMExperiment, F0QuantizerExperiment
from hiervox.models.vc.dddm_vc.controls import DDDMControls
from hiervox.models.vc.dddm_vc.networks.dddm_vc import DDDMVC
from hiervox.models.vc.dddm_vc.networks.f0_quantizer import F0Quantizer
from hiervox.models.vc.dddm_vc.tasks.converter import require_same_codes
from hiervox.processors.audio import Waveform
from hiervox.processors.pitch import F0Contour, normalise_f0

CONVERTER, QUANTIZER = "converter", "f0_quantizer"


def load_pipeline(folder: Path, device: str | torch.device = "cpu") -> SpeechPipeline[DDDMControls]:
    """Open a bundle with `converter`, `f0_quantizer` and, unless Griffin-Lim will do, a vocoder.

    Raises:
        CheckpointError: one is missing, broken, or of another part.
        ConfigError: the converter was trained on another quantiser.
    """
    place = part_checkpoint(folder, CONVERTER)
    network, experiment = load_as(place, device, DDDMVC, DDDMExperiment)
    quantizer, _ = load_as(part_checkpoint(folder, QUANTIZER), device, F0Quantizer, F0QuantizerExperiment)
    require_same_codes(quantizer, network.sizes.n_f0_codes)
    vocoder = VocoderChoice(folder, experiment.mel, device)
    converter = DDDMConverter(network, quantizer, experiment, vocoder, device)
    return build_pipeline(folder, DDDMControls, converter, network, place)


class DDDMConverter(DiffusionConverter[DDDMControls]):
    """The network takes codes of normalised F0, which are the same for all voices of one contour's shape.

    Args:
        network, quantizer: in evaluation mode.
        experiment: of the network.
        vocoder: from which the controls choose.
        device: where the networks run.
    """

    def __init__(
        self,
        network: DDDMVC,
        quantizer: F0Quantizer,
        experiment: DDDMExperiment,
        vocoder: VocoderChoice,
        device: str | torch.device,
    ) -> None:
        super().__init__(experiment, vocoder, device)
        self.network, self.quantizer = network, quantizer

    def pitch(self, source: Waveform, tracked: F0Contour, voice: Voice, controls: DDDMControls) -> F0Contour:
        """The source's contour at the voice's mean and deviation."""
        return transfer_pitch(tracked, voice.pitch)

    def sample(
        self,
        seen: Tensor,
        mel: Tensor,
        f0: F0Contour,
        voice: Voice,
        controls: DDDMControls,
        generator: torch.Generator,
    ) -> Tensor:
        """The spectrogram of a segment; its F0 is normalised by the voice's, so that shifts stay in it."""
        wanted = voice.pitch or PitchStatistics.of(f0)
        statistics = (wanted.mean, wanted.standard_deviation) if wanted else ()
        normalised = torch.from_numpy(normalise_f0(f0, *statistics))[None].to(self.device)
        return self.network.convert(
            self.content.extract(seen),
            self.quantizer.encode(normalised),
            mel,
            self.style(voice),
            noises_like(mel, controls, generator),
            controls.steps,
            controls.solver,
        )
