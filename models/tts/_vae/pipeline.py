"""Speaking by way of a latent, and conversion between voices by it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from hiervox.models.base.pipelines.speech import Synthesis
from hiervox.models.base.pipelines.speech_pipeline import SpeechPipeline
from hiervox.models.base.pipelines.token_sequence import noise_for
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.tts._vae.config import LatentExperiment
from hiervox.models.tts._vae.controls import LatentControls
from hiervox.models.tts._vae.network import LatentSpeech
from hiervox.models.tts._voices.latents import LatentConverter, LatentDecoder
from hiervox.models.tts._voices.pipeline import SpeakerVoices
from hiervox.models.tts.drawn_frames import DrawnFrames, DrawnFramesAcoustic
from hiervox.processors.audio import Waveform
from hiervox.processors.spectrogram import linear_spectrogram

EDGE_FRAMES = 3
"""Of a spectrogram, which what lies beyond the end of its samples reaches."""
NOISE_BLOCK = 256
"""Frames of the posterior's noise that are drawn together."""
ControlsT = TypeVar("ControlsT", bound=LatentControls)


def latent_pipeline(
    folder: Path,
    device: str | torch.device,
    controls: type[ControlsT],
    network: LatentSpeech[Any],
    experiment: LatentExperiment,
    *,
    converts: bool = True,
) -> SpeechPipeline[ControlsT]:
    """The pipeline of a loaded network.

    Args:
        folder, device: where it was loaded from, and to.
        controls: the model of the system's controls.
        network: in evaluation mode, its weight norm removed.
        experiment: its config.
        converts: whether its decoded latent is encoded from the spectrogram, as conversion takes.
    """
    voices = SpeakerVoices(network, experiment.mel, ("decoder.output",))
    synthesizer = LatentSynthesizer(network, experiment, voices)
    converter = LatentConverter(voices, synthesizer.converted) if converts else None
    return SpeechPipeline(folder, device, controls, synthesizer, voices, converter=converter)


class LatentSynthesizer(DrawnFramesAcoustic[LatentControls]):
    """Such a network as a `Synthesizer`; `Synthesis.features` are latents (1, C, N).

    Args:
        network: in evaluation mode, its weight norm removed.
        experiment: its config.
        voices: of the network.
    """

    largest_batch = None

    def __init__(
        self, network: LatentSpeech[Any], experiment: LatentExperiment, voices: SpeakerVoices
    ) -> None:
        super().__init__(experiment.text, voices, network.config.blanks)
        self.network, self.rate = network, experiment.mel.sample_rate
        self.decoder = LatentDecoder(network.decode, network.decoder.context, experiment.mel.hop_length)

    def prepare(self, controls: LatentControls) -> None:
        """All controls can be followed."""

    def draw(
        self,
        tokens: Tensor,
        token_lengths: Tensor,
        style: Tensor | None,
        length_scale: Tensor,
        noise: list[torch.Generator],
        calmed: float,
        controls: LatentControls,
    ) -> DrawnFrames:
        """See `DrawnFramesAcoustic.draw`."""
        made = self.network.infer(
            tokens,
            token_lengths,
            style,
            noise_scale=controls.noise_scale * calmed,
            duration_noise_scale=controls.duration_noise_scale * calmed,
            length_scale=length_scale,
            generator=noise,
        )
        return DrawnFrames(made.z, made.frame_lengths, made.durations)

    def features(self, frames: Tensor) -> Tensor:
        """(1, C, N), where they are."""
        return frames[None]

    def decode(
        self, batch: Sequence[Synthesis], voices: Sequence[Voice], controls: LatentControls
    ) -> list[Waveform]:
        """Latents to waveforms (T_i,), one by one: the decoder would see the padding of others."""
        return [
            self.decoder.whole(one.features, self.voices.styles([voice]))
            for one, voice in zip(batch, voices, strict=True)
        ]

    def decode_stream(
        self, synthesis: Synthesis, voice: Voice, controls: LatentControls
    ) -> Iterator[Waveform]:
        """`decode` in chunks, the first of a quarter of a second."""
        return self.decoder.stream(synthesis.features, self.voices.styles([voice]))

    @torch.inference_mode()
    def converted(
        self, wav: Waveform, own: Tensor, target: Tensor, controls: LatentControls
    ) -> Iterator[Waveform]:
        """Window by window (arXiv 2106.06103, section 4.3): the same samples as in one pass."""
        samples, hop = torch.from_numpy(wav), self.mel_config.hop_length
        frames = len(samples) // hop
        context = self.network.conversion_context + EDGE_FRAMES

        def latent(first: int, last: int) -> Tensor:
            seen = samples[None, first * hop : None if last == frames else last * hop]
            spec = linear_spectrogram(seen.to(self.voices.device), self.mel_config)
            lengths = torch.tensor([spec.shape[2]], device=self.voices.device)
            noise = self._posterior_noise(first, last, controls)
            return self.network.convert(spec, lengths, own, target, noise)

        yield from self.decoder.windows(latent, target, frames, context)

    def _posterior_noise(self, first: int, last: int, controls: LatentControls) -> Tensor | None:
        """(1, C, last - first); a frame's depends on the seed and its place alone."""
        if controls.conversion_noise_scale == 0:
            return None
        blocks = range(first // NOISE_BLOCK, -(-last // NOISE_BLOCK))
        size = (1, self.network.config.channels, NOISE_BLOCK)
        drawn = [torch.randn(size, generator=noise_for(controls.seed, block)) for block in blocks]
        start = first - blocks.start * NOISE_BLOCK
        noise = torch.cat(drawn, dim=2)[:, :, start : start + last - first]
        return controls.conversion_noise_scale * noise.to(self.voices.device)
