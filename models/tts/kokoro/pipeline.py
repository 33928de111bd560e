"""Kokoro for use: text to speech in the model's voices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.inference import load_as
from hiervox.models.base.pipelines.parts import Item, no_prompts
from hiervox.models.base.pipelines.pitch_control import asked_pitch, shape_pitch
from hiervox.models.base.pipelines.pitch_curve import sampled_pitch, stretch_pitch
from hiervox.models.base.pipelines.speech import Synthesis
from hiervox.models.base.pipelines.speech_pipeline import SpeechPipeline
from hiervox.models.base.pipelines.token_sequence import TokenSequence, noise_for
from hiervox.models.base.pipelines.voice import Voice, fingerprint
from hiervox.models.tts.kokoro.config import RATE, VALUES_PER_FRAME, KokoroExperiment
from hiervox.models.tts.kokoro.controls import KokoroControls
from hiervox.models.tts.kokoro.networks.generator import VOICED_HZ
from hiervox.models.tts.kokoro.networks.kokoro import Kokoro, KokoroFrames
from hiervox.models.tts.kokoro.reading import KokoroReader
from hiervox.processors.audio import Waveform
from hiervox.processors.pitch import F0Contour, PitchConfig
from hiervox.utils.errors import CheckpointError

STYLES = "styles"


def load_pipeline(folder: Path, device: str | torch.device = "cpu") -> SpeechPipeline[KokoroControls]:
    """Load a checkpoint folder.

    Raises:
        CheckpointError: it is missing, broken, or another system's.
    """
    network, experiment = load_as(folder, device, Kokoro, KokoroExperiment)
    voices = KokoroVoices(network)
    synthesizer = KokoroSynthesizer(network, experiment, voices)
    return SpeechPipeline(folder, device, KokoroControls, synthesizer, voices)


class KokoroVoices:
    """The `Voices` of Kokoro: a table of styles each, a row for each number of phonemes.

    Args:
        network: in evaluation mode.
    """

    pitch = PitchConfig()
    prompts_have_text = False

    def __init__(self, network: Kokoro) -> None:
        self.network = network
        self.device = network.styles.device

    @property
    def speakers(self) -> Sequence[str]:
        """Names of the voices."""
        return self.network.config.voices

    @cached_property
    def fingerprint(self) -> str:
        """A digest of layers that read styles or stand beside those that do, and keep their weights plain."""
        return fingerprint(self.network.state_dict(), ("prosody.encoder.lstms.", "text_encoder.lstm."))

    def speaker(self, name: str) -> dict[str, Tensor]:
        """The styles (rows, 2 S) of a voice."""
        return {STYLES: self.network.styles[list(self.speakers).index(name)].cpu()}

    def encode(self, recording: Waveform, name: str, for_text: bool = True) -> dict[str, Tensor]:
        """Is refused: the encoders of styles were not published.

        Raises:
            ConfigError: always.
        """
        raise no_prompts(self.speakers)

    def check(self, voice: Voice, name: str) -> None:
        """Refuse a saved voice without styles of the network's size.

        Raises:
            CheckpointError: such a voice.
        """
        styles, shape = voice.tensors.get(STYLES), self.network.styles.shape[1:]
        if styles is None or styles.shape != shape or not styles.isfinite().all():
            raise CheckpointError(
                f"{name} holds no styles of this model", "remove it and add the voice again"
            )

    def style(self, voice: Voice, phonemes: int) -> Tensor:
        """The style (1, 2 S) for a text of so many phonemes."""
        styles = voice.tensors[STYLES]
        return styles[min(phonemes, len(styles)) - 1][None].to(self.device)


class KokoroSynthesizer:
    """Kokoro as a `Synthesizer`; `Synthesis.features` are `KokoroFrames` and the style (1, 2 S).

    Args:
        network: in evaluation mode.
        experiment: its config.
        voices: of the network.
    """

    largest_batch = None
    rate = RATE

    def __init__(self, network: Kokoro, experiment: KokoroExperiment, voices: KokoroVoices) -> None:
        self.network, self.voices = network, voices
        self.mel_config = experiment.mel
        self.reader = KokoroReader(experiment.text)
        upsampling = network.config.generator.upsampling
        self.values_per_second = RATE / upsampling
        self.frame_rate = self.values_per_second / VALUES_PER_FRAME

    def prepare(self, controls: KokoroControls) -> None:
        """All controls can be followed."""

    @torch.inference_mode()
    def acoustic(self, items: Sequence[Item], controls: KokoroControls, attempt: int = 0) -> list[Synthesis]:
        """Token sequences to text, F0 and energy of frames, one by one: instance norms see all of a text.

        Raises:
            CheckpointError: the model can't read so many tokens.
        """
        return [self._frames(sequence, voice, controls, attempt) for sequence, voice in items]

    def _frames(
        self, sequence: TokenSequence, voice: Voice, controls: KokoroControls, attempt: int
    ) -> Synthesis:
        device, most = self.voices.device, self.network.config.bert.positions
        if len(sequence.tokens) > most:
            raise CheckpointError(f"the model reads {most} tokens at most", "end sentences earlier")
        style = self.voices.style(voice, len(sequence.tokens) - 2)
        rates = torch.tensor([sequence.rates], device=device) * controls.speed
        frames = self.network.frames(torch.tensor([sequence.tokens], device=device), style, rates)
        frames.f0 = self._shaped(frames, sequence, controls)
        return Synthesis(
            sequence,
            (frames, style),
            self.frame_rate,
            noise_for(controls.seed, sequence.position, attempt),
            durations=frames.durations[0].tolist(),
            f0=self._contour(frames.f0),
        )

    def _shaped(self, frames: KokoroFrames, sequence: TokenSequence, controls: KokoroControls) -> Tensor:
        """F0 (1, 2 N), shifted, spread, or replaced by a given curve."""
        asked = asked_pitch(sequence, controls)
        if sequence.f0 is None and asked.neutral:
            return frames.f0
        f0 = frames.f0
        if sequence.f0 is not None:
            f0 = f0.new_tensor(stretch_pitch(sequence.f0, f0.shape[1]))[None]
        by_value = f0.new_tensor(asked).repeat_interleave(frames.durations[0] * VALUES_PER_FRAME, dim=1)
        return shape_pitch((f0 * (f0 > VOICED_HZ)).log1p(), by_value[:1], by_value[1:]).expm1()

    def _contour(self, f0: Tensor) -> F0Contour:
        """F0 (1, 2 N) at 200 Hz, 0 where unvoiced, (T,)."""
        return sampled_pitch((f0 * (f0 > VOICED_HZ))[0].float().cpu().numpy(), self.values_per_second)

    @torch.inference_mode()
    def decode(
        self, batch: Sequence[Synthesis], voices: Sequence[Voice], controls: KokoroControls
    ) -> list[Waveform]:
        """Frames to waveforms (T_i,), one by one."""
        made = []
        for synthesis in batch:
            frames, style = synthesis.features
            wav = self.network.decode(frames, style, synthesis.noise)
            made.append(wav[0].float().cpu().numpy())
        return made

    def decode_stream(
        self, synthesis: Synthesis, voice: Voice, controls: KokoroControls
    ) -> Iterator[Waveform]:
        """`decode`, in one chunk a sentence: instance norms see all of it."""
        yield self.decode([synthesis], [voice], controls)[0]
