"""Conversion by diffusion for use: voices, and recordings segment by segment."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Generic, TypeVar

import torch
from torch import Tensor

from hiervox.models.base.pipelines.mel_synthesizer import MelSynthesizer, VocoderChoice
from hiervox.models.base.pipelines.parts import Source
from hiervox.models.base.pipelines.pitch_control import shape_pitch
from hiervox.models.base.pipelines.pitch_curve import stretch_pitch
from hiervox.models.base.pipelines.pitch_transfer import track_pitch
from hiervox.models.base.pipelines.segments import SAMPLES_PER_F0, Segment, f0_by_segments, sound_by_segments
from hiervox.models.base.pipelines.speech_pipeline import SpeechPipeline
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.vc._diffusion.config import ConversionExperiment
from hiervox.models.vc._diffusion.controls import DiffusionConversionControls
from hiervox.models.vc._diffusion.network import F0_PER_FRAME, StyledNetwork
from hiervox.models.vc.no_text import NoText
from hiervox.models.vc.prompt_voices import PromptVoices, style_of
from hiervox.processors.audio import HOP_LENGTH, Waveform, pad_to_multiple
from hiervox.processors.pitch import F0Contour, fit_length, log_f0
from hiervox.processors.semantic import SemanticExtractor, build_semantic_extractor
from hiervox.processors.spectrogram import log_mel

ControlsT = TypeVar("ControlsT", bound=DiffusionConversionControls)


class DiffusionConverter(ABC, Generic[ControlsT]):
    """A `Converter`; the result is up to 80 ms longer than the source.

    Attention looks at all of a spectrogram, so that no window gives what the whole would: a recording of over
    30 s is converted in segments cut where it is quietest, each sampled on its own, and a stream gives them
    one by one. Its F0 is tracked and normalised as a whole.

    Args:
        experiment: of the network.
        vocoder: from which the controls choose.
        device: where the network runs.
    """

    def __init__(
        self, experiment: ConversionExperiment, vocoder: VocoderChoice, device: str | torch.device
    ) -> None:
        self.experiment, self.vocoder, self.device = experiment, vocoder, torch.device(device)

    @abstractmethod
    def pitch(self, source: Waveform, tracked: F0Contour, voice: Voice, controls: ControlsT) -> F0Contour:
        """F0 of the result, where none is given.

        Args:
            source: (T,) at 16 kHz.
            tracked: its F0, (4 N,) in Hz for the N frames of the padded source.
            voice: whom to speak like.
            controls: those of the system.

        Returns:
            (4 N,) in Hz, before the controls' shift and range.
        """

    @abstractmethod
    def sample(
        self,
        seen: Tensor,
        mel: Tensor,
        f0: F0Contour,
        voice: Voice,
        controls: ControlsT,
        generator: torch.Generator,
    ) -> Tensor:
        """The spectrogram of a segment in a voice.

        Args:
            seen: (1, T) at 16 kHz, whole frames.
            mel: (1, M, N) of it.
            f0: (4 N,) in Hz, as it is to be.
            voice, controls: as for `convert`.
            generator: of the noise.

        Returns:
            (1, M, N).
        """

    def convert(
        self, source: Source, voice: Voice, controls: ControlsT, f0: F0Contour | None = None
    ) -> tuple[F0Contour | None, Iterator[Waveform]]:
        """See `Converter.convert`."""
        speech, tracker = source.speech, self.experiment.features.pitch

        def track(seen: Tensor, _: Segment) -> F0Contour:
            return track_pitch(seen[0].numpy(), tracker, "the source")

        if f0 is None:
            f0 = self.pitch(speech, f0_by_segments(speech, torch.device("cpu"), track), voice, controls)
        else:
            f0 = stretch_pitch(f0, pad_to_multiple(speech).size // SAMPLES_PER_F0)
        pitch = torch.from_numpy(log_f0(f0))
        shaped: F0Contour = shape_pitch(pitch, controls.semitones, controls.pitch_range).expm1().numpy()
        return shaped, self._sound(speech, shaped, voice, controls)

    def _sound(
        self, source: Waveform, f0: F0Contour, voice: Voice, controls: ControlsT
    ) -> Iterator[Waveform]:
        vocoder, config = self.vocoder.named(controls.vocoder), self.experiment.mel
        generator = torch.Generator().manual_seed(controls.seed)

        @torch.inference_mode()
        def sound(seen: Tensor, segment: Segment) -> Tensor:
            pitch = curve_of(f0, seen, segment)
            made = self.sample(seen, log_mel(seen, config), pitch, voice, controls, generator)
            audible = made.clamp(config.silence, config.loudest)[0].float().cpu().numpy()
            return torch.from_numpy(vocoder.vocode(audible, pitch[::F0_PER_FRAME]))[None, None]

        return sound_by_segments(source, self.device, sound)

    @cached_property
    def content(self) -> SemanticExtractor:
        """The encoder whose vectors the network was trained on.

        Raises:
            DependencyError: its weights are not there.
        """
        return build_semantic_extractor(self.experiment.features.semantic, self.device)

    def style(self, voice: Voice) -> Tensor:
        """(1, S, 1) on the device."""
        return style_of(voice, self.device)


def curve_of(f0: F0Contour, seen: Tensor, segment: Segment) -> F0Contour:
    """The part (4 N,) of a whole curve that belongs to what a segment looks at, (1, T) of N frames."""
    first, length = segment.first // SAMPLES_PER_F0, F0_PER_FRAME * (seen.shape[1] // HOP_LENGTH)
    return fit_length(f0[first : first + length], length)


def noises_like(
    like: Tensor, controls: DiffusionConversionControls, generator: torch.Generator
) -> Iterator[Tensor]:
    """Noise for the start and for each step, the same on every device."""
    while True:
        noise = torch.randn(like.shape, generator=generator)
        yield controls.temperature * noise.to(like)


def build_pipeline(
    folder: Path,
    controls: type[ControlsT],
    converter: DiffusionConverter[ControlsT],
    network: StyledNetwork,
    checkpoint: Path,
) -> SpeechPipeline[ControlsT]:
    """Zero-shot voice conversion with a converter of a network, whose checkpoint or run lies in a folder."""
    experiment = converter.experiment
    synthesizer = MelSynthesizer[ControlsT](NoText(experiment.mel), converter.vocoder)
    voices = PromptVoices(network, experiment, checkpoint, converter.device)
    return SpeechPipeline(folder, converter.device, controls, synthesizer, voices, converter=converter)
