"""Singing voice conversion for use: singers, keys, and songs of any length."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from hiervox.models.base.checkpoints.inference import load_as
from hiervox.models.base.pipelines.bundle import find_part
from hiervox.models.base.pipelines.mel_synthesizer import STREAM_FRAMES, MelSynthesizer, VocoderChoice
from hiervox.models.base.pipelines.parts import Source
from hiervox.models.base.pipelines.pitch_control import shape_pitch
from hiervox.models.base.pipelines.pitch_curve import F0_HOP_SECONDS, stretch_pitch
from hiervox.models.base.pipelines.pitch_transfer import track_pitch
from hiervox.models.base.pipelines.segments import Segment, f0_by_segments, segments_of
from hiervox.models.base.pipelines.speech_pipeline import SpeechPipeline
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.svc._singing.condition import Song
from hiervox.models.svc._singing.config import SingingExperiment
from hiervox.models.svc._singing.controls import KeyControls, SingingControls
from hiervox.models.svc._singing.frames import content_at_frames, energy_of, require_widths
from hiervox.models.svc._singing.network import Noise, SingingNetwork
from hiervox.models.svc._singing.windows import NoiseField, in_windows
from hiervox.models.tts._voices.pipeline import SpeakerVoices
from hiervox.models.vc.no_text import NoText
from hiervox.processors.audio import HOP_LENGTH, Waveform, resample
from hiervox.processors.mel_stream import MelStream
from hiervox.processors.pitch import SEMITONES_PER_OCTAVE, F0Contour, PitchConfig, log_f0
from hiervox.processors.semantic import SemanticExtractor, build_semantic_extractor
from hiervox.utils.logging import get_logger

LOG_F0 = "log_f0"
"""Of a voice: its median, (1,); 0 where it is not known."""

KeyControlsT = TypeVar("KeyControlsT", bound=KeyControls)
ControlsT = TypeVar("ControlsT", bound=SingingControls)
NetworkT = TypeVar("NetworkT", bound=SingingNetwork)
ExperimentT = TypeVar("ExperimentT", bound=SingingExperiment)

_log = get_logger("svc")


def median_log_f0(f0: F0Contour) -> float:
    """Median of log F0 over the voiced values of (T,), Hz; 0 where there is none."""
    voiced = f0[f0 > 0]
    return float(np.median(np.log(voiced))) if voiced.size else 0.0


class SingerVoices(SpeakerVoices):
    """Singers by name or by recordings, with their median F0.

    Args:
        network: in evaluation mode.
        experiment: its config.
    """

    def __init__(self, network: SingingNetwork, experiment: SingingExperiment) -> None:
        super().__init__(network, experiment.mel, ("singer_log_f0",))
        self.singing = network
        self.pitch: PitchConfig = pitch_of(experiment)

    def speaker(self, name: str) -> dict[str, Tensor]:
        """The singer's vector (S, 1) and pitch."""
        voice = super().speaker(name)
        if self.kind == "table":
            row = self.speakers.index(name)
            voice[LOG_F0] = self.singing.singer_log_f0[row : row + 1].cpu().clone()
        return voice

    def encode(self, recording: Waveform, name: str, for_text: bool = True) -> dict[str, Tensor]:
        """The vector (S, 1) of a prompt (T,) at 16 kHz, and its pitch."""
        voice = super().encode(recording, name, for_text)
        return {**voice, LOG_F0: torch.tensor([median_log_f0(track_pitch(recording, self.pitch, name))])}


def pitch_of(experiment: SingingExperiment) -> PitchConfig:
    """How F0 is tracked in conversion, 200 values a second."""
    pitch: PitchConfig = experiment.features.pitch
    return pitch.model_copy(update={"hop_seconds": F0_HOP_SECONDS})


class SingingConverter(ABC, Generic[KeyControlsT, NetworkT]):
    """A `Converter`; the result is as long as the source, up to a frame.

    F0, content and loudness are those of the source; F0 is moved by the key. A song is sung in windows that
    fade into each other, and what makes sound of them goes through the whole.

    Args:
        network: in evaluation mode.
        voices: of it.
        experiment: of it.
        device: where it runs.
    """

    def __init__(
        self,
        network: NetworkT,
        voices: SingerVoices,
        experiment: SingingExperiment,
        device: str | torch.device,
    ) -> None:
        self.network, self.voices = network, voices
        self.experiment, self.device = experiment, torch.device(device)

    @property
    def channels(self) -> int:
        """M of what is sung: mel bins, unless the network sings a latent."""
        bins: int = self.experiment.mel.n_mels
        return bins

    @abstractmethod
    def sample(self, song: Song, voice: Voice, noise: Noise, controls: KeyControlsT) -> Tensor:
        """The spectrogram, or the latent, of a window.

        Args:
            song: (1, …, N), on the device.
            voice: whose.
            noise: of the window.
            controls: those of the system.

        Returns:
            (1, M, N), a log-mel or a latent.
        """

    @abstractmethod
    def sound(self, sung: Tensor, f0: F0Contour, controls: KeyControlsT) -> Iterator[Waveform]:
        """What was sung, (M, N) on the CPU with F0 (N,), to sound."""

    def convert(
        self, source: Source, voice: Voice, controls: KeyControlsT, f0: F0Contour | None = None
    ) -> tuple[F0Contour | None, Iterator[Waveform]]:
        """See `Converter.convert`."""
        mel = self._mel(source)
        values = math.ceil(mel.shape[1] / self.experiment.mel.frame_rate / F0_HOP_SECONDS)
        shift = controls.semitones
        if f0 is None:
            f0 = self._track(source.speech)
            f0 = np.pad(f0[:values], (0, max(0, values - f0.size)))
            shift += self.key(f0, voice, controls)
        else:
            f0 = stretch_pitch(f0, values)
        shaped = shape_pitch(torch.from_numpy(log_f0(f0)), shift, controls.pitch_range).expm1().numpy()
        return shaped, self._sound(source, mel, shaped, voice, controls)

    def key(self, f0: F0Contour, voice: Voice, controls: KeyControlsT) -> float:
        """Semitones that `auto_key` asks for."""
        if controls.auto_key == "off":
            return 0.0
        own, wanted = median_log_f0(f0), float(voice.tensors.get(LOG_F0, torch.zeros(1)))
        if not own or not wanted:
            _log.warning("the pitch of the song or of the singer is not known: the key stays")
            return 0.0
        octaves = (wanted - own) / math.log(2)
        return SEMITONES_PER_OCTAVE * (octaves if controls.auto_key == "median" else round(octaves))

    def _mel(self, source: Source) -> Tensor:
        """Log-mel (M, N) of the source, padded to whole frames."""
        config = self.experiment.mel
        wav = resample(np.asarray(source.wav, np.float32), source.rate, config.sample_rate)
        wav = np.pad(wav, (0, -wav.size % config.hop_length))
        stream = MelStream(config)
        return torch.from_numpy(np.concatenate([stream.push(wav), stream.finish()], axis=1))

    def _track(self, speech: Waveform) -> F0Contour:
        config = pitch_of(self.experiment)

        def track(seen: Tensor, _: Segment) -> F0Contour:
            return track_pitch(seen[0].numpy(), config, "the source")

        return f0_by_segments(speech, torch.device("cpu"), track)

    @torch.inference_mode()
    def _content(self, speech: Waveform) -> Tensor:
        """Content vectors (1, C, rows) of a recording (T,) at 16 kHz, on the CPU.

        Raises:
            ConfigError: the encoders give others than the network was trained on.
        """
        rows = []
        for segment, seen in segments_of(speech, self.device):
            begin = (segment.start - segment.first) // HOP_LENGTH
            end = None if segment.stop == speech.size else (segment.stop - segment.first) // HOP_LENGTH
            vectors = torch.cat([encoder.extract(seen) for encoder in self.content], dim=1)
            require_widths(vectors.shape[1], self.experiment.model)
            rows.append(vectors[..., begin:end].cpu())
        return torch.cat(rows, dim=2)

    def _sound(
        self, source: Source, mel: Tensor, f0: F0Contour, voice: Voice, controls: KeyControlsT
    ) -> Iterator[Waveform]:
        yield from self.sound(*self.sing(source, mel, f0, voice, controls), controls)

    @torch.inference_mode()
    def sing(
        self, source: Source, mel: Tensor, f0: F0Contour, voice: Voice, controls: KeyControlsT
    ) -> tuple[Tensor, F0Contour]:
        """The spectrogram, or the latent, of the whole song.

        Args:
            source: the recording.
            mel: (M, N) of it.
            f0: in Hz at 200 Hz, as it is to be.
            voice, controls: as for `convert`.

        Returns:
            (M, N) on the CPU, and F0 (N,) at its frames.
        """
        config, frames = self.experiment.mel, mel.shape[1]
        places = np.rint(np.arange(frames) / config.frame_rate / F0_HOP_SECONDS).astype(int)
        at_frames: F0Contour = f0[places.clip(max=f0.size - 1)].astype(np.float32)
        content, pitch = self._content(source.speech), torch.from_numpy(at_frames)[None]
        field = NoiseField(controls.seed, self.channels, self.device)

        def window(first: int, last: int) -> Tensor:
            seen = content_at_frames(content, last - first, config.frame_rate, first)
            song = Song(
                seen.to(self.device),
                pitch[:, first:last].to(self.device),
                energy_of(mel[None, :, first:last]).to(self.device),
                torch.ones(1, 1, last - first, device=self.device),
            )
            return self.sample(song, voice, lambda draw: field.at(draw, first, last), controls)

        return in_windows(frames, window), at_frames

    @cached_property
    def content(self) -> list[SemanticExtractor]:
        """The encoders whose vectors the network was trained on.

        Raises:
            DependencyError: the weights of one are not there.
        """
        return [build_semantic_extractor(config, self.device) for config in self.experiment.features.content]


class SpectrogramConverter(SingingConverter[ControlsT, NetworkT], Generic[ControlsT, NetworkT]):
    """A converter whose network sings spectrograms.

    Args:
        network, voices, experiment, device: see `SingingConverter`.
        vocoder: from which the controls choose.
    """

    def __init__(
        self,
        network: NetworkT,
        voices: SingerVoices,
        experiment: SingingExperiment,
        vocoder: VocoderChoice,
        device: str | torch.device,
    ) -> None:
        super().__init__(network, voices, experiment, device)
        self.vocoder = vocoder

    def sound(self, sung: Tensor, f0: F0Contour, controls: ControlsT) -> Iterator[Waveform]:
        """See `SingingConverter.sound`."""
        config = self.experiment.mel
        mel = sung.clamp(config.silence, config.loudest).numpy()
        yield from self.vocoder.named(controls.vocoder).stream(mel, f0, frames=STREAM_FRAMES)


def build_pipeline(
    folder: Path,
    device: str | torch.device,
    controls: type[ControlsT],
    converter: type[SpectrogramConverter[ControlsT, NetworkT]],
    network: type[NetworkT],
    experiment: type[ExperimentT],
) -> SpeechPipeline[ControlsT]:
    """Singing voice conversion with the network of a checkpoint, a run or a bundle, and any vocoder.

    Args:
        folder: of it; a bundle also holds a vocoder, unless Griffin-Lim will do.
        device: where the networks run.
        controls, converter, network, experiment: the system's classes.

    Raises:
        CheckpointError: the network is missing, broken, or of another system.
    """
    loaded, config = load_as(find_part(folder, "svc").folder, device, network, experiment)
    vocoder = VocoderChoice(folder, config.mel, device)
    voices = SingerVoices(loaded, config)
    synthesizer = MelSynthesizer[ControlsT](NoText(config.mel), vocoder)
    made = converter(loaded, voices, config, vocoder, device)
    return SpeechPipeline(folder, device, controls, synthesizer, voices, converter=made)
