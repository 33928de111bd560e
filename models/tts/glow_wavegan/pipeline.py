"""Glow-WaveGAN for use: text to speech, and conversion between its voices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.inference import load_as
from hiervox.models.base.pipelines.bundle import part_checkpoint
from hiervox.models.base.pipelines.parts import Item
from hiervox.models.base.pipelines.speech import Synthesis
from hiervox.models.base.pipelines.speech_pipeline import SpeechPipeline
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.tts._flow.network import FlowTextToFrames
from hiervox.models.tts._flow.pipeline import VOICE_TENSORS, FlowAcoustic
from hiervox.models.tts._voices.latents import LatentConverter, LatentDecoder
from hiervox.models.tts._voices.pipeline import SpeakerVoices
from hiervox.models.tts.glow_wavegan.config import LatentFlowExperiment, WaveGanExperiment
from hiervox.models.tts.glow_wavegan.controls import GlowWaveGanControls
from hiervox.models.tts.glow_wavegan.network import WaveGan
from hiervox.models.tts.glow_wavegan.tasks.flow import require_same_latent
from hiervox.processors.audio import Waveform

WAVEGAN, FLOW = "wavegan", "flow"


def load_pipeline(folder: Path, device: str | torch.device = "cpu") -> SpeechPipeline[GlowWaveGanControls]:
    """Open a bundle with `wavegan` and `flow`.

    Raises:
        CheckpointError: one is missing, broken, or of another part.
        ConfigError: the flow was trained on another latent.
    """
    wavegan, of_wavegan = load_as(
        part_checkpoint(folder, WAVEGAN), device, WaveGan, WaveGanExperiment, plain=True
    )
    flow, of_flow = load_as(
        part_checkpoint(folder, FLOW), device, FlowTextToFrames, LatentFlowExperiment, plain=True
    )
    require_same_latent(of_flow, of_wavegan)
    voices = SpeakerVoices(flow, of_flow.mel, VOICE_TENSORS, lambda wav: wavegan.latent(wav, 0.0))
    synthesizer = GlowWaveGanSynthesizer(FlowAcoustic(flow, of_flow.text, voices), wavegan)
    converter = LatentConverter(voices, synthesizer.converted)
    return SpeechPipeline(folder, device, GlowWaveGanControls, synthesizer, voices, converter=converter)


class GlowWaveGanSynthesizer:
    """The flow and the decoder of WaveGAN as a `Synthesizer`.

    Args:
        flow: from text to the latent.
        wavegan: the autoencoder whose latent it was trained on; in evaluation mode, without weight norm.
    """

    largest_batch = None

    def __init__(self, flow: FlowAcoustic, wavegan: WaveGan) -> None:
        self.flow, self.wavegan, self.voices = flow, wavegan, flow.voices
        self.reader, self.mel_config, self.rate = flow.reader, flow.mel_config, flow.mel_config.sample_rate
        self.decoder = LatentDecoder(
            lambda z, style: wavegan.decode(z),  # the latent holds the voice
            wavegan.decoder.context,
            flow.mel_config.hop_length,
        )

    def prepare(self, controls: GlowWaveGanControls) -> None:
        """All controls can be followed."""

    def acoustic(
        self, items: Sequence[Item], controls: GlowWaveGanControls, attempt: int = 0
    ) -> list[Synthesis]:
        """Token sequences to latents (C, N)."""
        return self.flow.acoustic(items, controls, attempt)

    def decode(
        self, batch: Sequence[Synthesis], voices: Sequence[Voice], controls: GlowWaveGanControls
    ) -> list[Waveform]:
        """Latents to waveforms (T_i,), one by one: the decoder would see the padding of others."""
        return [self.decoder.whole(self._latent(synthesis), None) for synthesis in batch]

    def decode_stream(
        self, synthesis: Synthesis, voice: Voice, controls: GlowWaveGanControls
    ) -> Iterator[Waveform]:
        """`decode` in chunks, the first of a quarter of a second."""
        return self.decoder.stream(self._latent(synthesis), None)

    @torch.inference_mode()
    def converted(
        self, wav: Waveform, own: Tensor, target: Tensor, controls: GlowWaveGanControls
    ) -> Iterator[Waveform]:
        """Through the flow in the source's voice, and back in the target's (arXiv 2207.01832).

        Window by window: the same samples as in one pass.
        """
        samples, hop, flow = torch.from_numpy(wav), self.wavegan.hop_length, self.flow.network.flow
        frames = flow.whole(len(samples) // hop)
        context = self.wavegan.encoder.context + 2 * flow.context

        def latent(first: int, last: int) -> Tensor:
            seen = samples[None, first * hop : None if last == frames else last * hop]
            z = self.wavegan.latent(seen.to(self.voices.device), 0.0)
            return self.flow.network.convert(z, own, target)

        yield from self.decoder.windows(latent, None, frames, context, flow.squeeze)

    def _latent(self, synthesis: Synthesis) -> Tensor:
        """(1, C, N)."""
        return torch.from_numpy(synthesis.features)[None].to(self.voices.device)
