"""VitsSVC for use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.inference import load_as
from hiervox.models.base.pipelines.bundle import find_part
from hiervox.models.base.pipelines.mel_synthesizer import STREAM_FRAMES
from hiervox.models.base.pipelines.speech_pipeline import SpeechPipeline
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.svc._singing.condition import Song
from hiervox.models.svc._singing.network import Noise
from hiervox.models.svc._singing.pipeline import SingerVoices, SingingConverter
from hiervox.models.svc.vits_svc.config import VitsSVCExperiment
from hiervox.models.svc.vits_svc.controls import VitsSVCControls
from hiervox.models.svc.vits_svc.network import VitsSVC
from hiervox.models.vc.no_text import NoSpeech
from hiervox.processors.audio import Waveform
from hiervox.processors.pitch import F0Contour


class VitsSVCConverter(SingingConverter[VitsSVCControls, VitsSVC]):
    """The latent in windows, sound from the whole."""

    @property
    def channels(self) -> int:
        """Of the latent."""
        return self.network.sizes.channels

    def sample(self, song: Song, voice: Voice, noise: Noise, controls: VitsSVCControls) -> Tensor:
        """See `SingingConverter.sample`."""
        return self.network.latent(song, self.voices.styles([voice]), controls.temperature * noise(0))

    @torch.inference_mode()
    def sound(self, sung: Tensor, f0: F0Contour, controls: VitsSVCControls) -> Iterator[Waveform]:
        """See `SingingConverter.sound`; each chunk sees all that its samples depend on."""
        decoder, hop = self.network.decoder, self.experiment.mel.hop_length
        z = sung[None].to(self.device)
        source = decoder.source_windows(z, torch.from_numpy(f0)[None].to(self.device))
        frames, context = z.shape[2], decoder.generator.context
        for start in range(0, frames, STREAM_FRAMES):
            stop = min(start + STREAM_FRAMES, frames)
            first, last = max(0, start - context), min(stop + context, frames)
            wav = decoder(z[:, :, first:last], source(first, last))[0, 0]
            yield wav[(start - first) * hop : (stop - first) * hop].float().cpu().numpy()


def load_pipeline(folder: Path, device: str | torch.device = "cpu") -> SpeechPipeline[VitsSVCControls]:
    """Open a checkpoint or run, or a bundle with one.

    Raises:
        CheckpointError: the network is missing, broken, or of another system.
    """
    network, config = load_as(find_part(folder, "svc").folder, device, VitsSVC, VitsSVCExperiment)
    voices = SingerVoices(network, config)
    synthesizer = NoSpeech[VitsSVCControls](config.mel, config.mel.sample_rate)
    converter = VitsSVCConverter(network, voices, config, device)
    return SpeechPipeline(folder, device, VitsSVCControls, synthesizer, voices, converter=converter)
