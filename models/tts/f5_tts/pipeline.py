"""F5-TTS and E2 TTS for use: zero-shot text to speech with any vocoder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from hiervox.models.base.checkpoints.inference import load_as
from hiervox.models.base.pipelines.bundle import find_part
from hiervox.models.base.pipelines.mel_synthesizer import MelSynthesizer, VocoderChoice
from hiervox.models.base.pipelines.parts import Item
from hiervox.models.base.pipelines.protocols import Mel
from hiervox.models.base.pipelines.speech import Synthesis
from hiervox.models.base.pipelines.speech_pipeline import SpeechPipeline
from hiervox.models.base.pipelines.token_sequence import TokenSequence, noise_for
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.tts.f5_tts.config import F5TtsExperiment
from hiervox.models.tts.f5_tts.controls import F5TtsControls
from hiervox.models.tts.f5_tts.duration import cross_faded, cut_text, frames_to_fill, largest_size
from hiervox.models.tts.f5_tts.networks.f5_tts import F5Tts, Sampling
from hiervox.models.tts.f5_tts.networks.times import sampling_times
from hiervox.models.tts.f5_tts.reading import F5Reader
from hiervox.models.tts.f5_tts.voices import F5Voices, Prompt
from hiervox.models.tts.symbols import require_symbol_rows
from hiervox.modules.functional.masking import sequence_mask
from hiervox.processors.audio import Waveform
from hiervox.utils.errors import ConfigError

MOST_FRAMES = 8192
"""Of a prompt and what follows it; attention grows with their square."""


def load_pipeline(folder: Path, device: str | torch.device = "cpu") -> SpeechPipeline[F5TtsControls]:
    """Load a bundle with a vocoder, a checkpoint folder, or the last checkpoint of a run folder.

    Raises:
        CheckpointError: it is missing, broken, another system's, or reads other symbols than the text front
            end writes.
    """
    place = find_part(folder, "tts").folder
    network, experiment = load_as(place, device, F5Tts, F5TtsExperiment)
    require_symbol_rows(folder, network.config.n_symbols, experiment.text)
    reader = F5Reader(experiment.text, experiment.features.characters)
    voices = F5Voices(experiment.mel, reader)
    acoustic = F5Acoustic(network, voices)
    synthesizer = F5Synthesizer(acoustic, VocoderChoice(folder, experiment.mel, device))
    return SpeechPipeline(folder, device, F5TtsControls, synthesizer, voices)


@dataclass(frozen=True)
class Parts:
    """What is made of a sentence.

    Attributes:
        mels: (M, N_i) of its parts, of which a short sentence has one.
        gain: factor of the sound.
    """

    mels: tuple[Mel, ...]
    gain: float


@dataclass(frozen=True)
class Part:
    """A part of a sentence, to be filled in.

    Attributes:
        prompt: that it follows.
        tokens: of the prompt's text and its own.
        frames: of the prompt and its own.
        noise: of the whole sentence.
    """

    prompt: Prompt
    tokens: list[int]
    frames: int
    noise: torch.Generator


class F5Acoustic:
    """F5-TTS as an `AcousticModel`, whose features are `Parts`.

    Args:
        network: in evaluation mode.
        voices: of it.
    """

    def __init__(self, network: F5Tts, voices: F5Voices) -> None:
        self.network, self.voices = network, voices
        self.reader, self.mel_config = voices.reader, voices.mel
        self.device = next(network.parameters()).device

    @torch.inference_mode()
    def acoustic(self, items: Sequence[Item], controls: F5TtsControls, attempt: int = 0) -> list[Synthesis]:
        """Token sequences to log-mels.

        Raises:
            ConfigError: an F0 curve is given, or a sentence would last too long.
            AudioError, DependencyError, TextError: as `F5Voices.prompt`.
        """
        made = []
        for sequence, voice in items:
            sequence.require_no_f0()
            prompt = self.voices.prompt(voice, controls)
            noise = noise_for(controls.seed, sequence.position, attempt)
            parts = self._parts(sequence, prompt, controls, noise)
            made.append((sequence, prompt, noise, parts))
        mels = iter(self._filled_in([part for *_, parts in made for part in parts], controls))
        return [
            Synthesis(
                sequence,
                Parts(tuple(next(mels) for _ in parts), prompt.gain),
                self.mel_config.frame_rate,
                noise,
            )
            for sequence, prompt, noise, parts in made
        ]

    def _parts(
        self, sequence: TokenSequence, prompt: Prompt, controls: F5TtsControls, noise: torch.Generator
    ) -> list[Part]:
        """Parts of a sentence, as many as are needed for each to have room behind the prompt."""
        reader, speed = self.reader, controls.speed * sequence.mean_rate
        text, prompt_size = sequence.phonemes, reader.size(prompt.text)
        limit = max(1, largest_size(prompt.seconds, prompt_size, speed))
        texts = [text] if controls.seconds else cut_text(text, limit, reader.reads_written)
        parts = []
        for own in texts:
            tokens = reader.tokens(prompt.text + own)
            if controls.seconds:
                frames = round(controls.seconds * self.mel_config.frame_rate)
            else:
                frames = frames_to_fill(prompt.frames, prompt_size, reader.size(own), speed)
            whole = max(prompt.frames + frames, len(tokens) + 1, prompt.frames + 2)
            if whole > MOST_FRAMES:
                raise ConfigError(
                    f"a sentence would last {(whole - prompt.frames) / self.mel_config.frame_rate:.0f} s",
                    "set a higher speed, or take a prompt that is spoken faster",
                )
            parts.append(Part(prompt, tokens, whole, noise))
        return parts

    def _filled_in(self, parts: Sequence[Part], controls: F5TtsControls) -> list[Mel]:
        """The log-mels (M, N_i) behind the prompts; all together where none depends on the others."""
        sampling = Sampling(sampling_times(controls.steps, controls.sway), controls.guidance, controls.solver)
        if self.network.config.items_stay_apart:
            return self._sampled(parts, sampling)
        return [mel for part in parts for mel in self._sampled([part], sampling)]

    def _sampled(self, parts: Sequence[Part], sampling: Sampling) -> list[Mel]:
        n_mels = self.mel_config.n_mels
        noise = [torch.randn(part.frames, n_mels, generator=part.noise) for part in parts]
        mels, known = [], []
        for part in parts:
            mels.append(torch.zeros(part.frames, n_mels))
            mels[-1][: part.prompt.frames + 1] = part.prompt.mel.T
            known.append(part.prompt.frames + 1)
        frames = torch.tensor([part.frames for part in parts], device=self.device)
        tokens = self._padded([torch.tensor(part.tokens) for part in parts])
        made = self.network.sample(
            self._padded(noise).mT,
            self._padded(mels).mT,
            sequence_mask(torch.tensor(known, device=self.device), int(frames.max())),
            self.network.texts_apart(tokens, frames.tolist()),
            sampling,
            sequence_mask(frames) if len(parts) > 1 else None,
        )
        return [
            made[number, :, part.prompt.frames : part.frames].float().cpu().numpy()
            for number, part in enumerate(parts)
        ]

    def _padded(self, rows: list[Tensor]) -> Tensor:
        return pad_sequence(rows, batch_first=True).to(self.device)


class F5Synthesizer(MelSynthesizer[F5TtsControls]):
    """The network and a vocoder as a `Synthesizer`."""

    def decode(
        self, batch: Sequence[Synthesis], voices: Sequence[Voice], controls: F5TtsControls
    ) -> list[Waveform]:
        """Parts to waveforms (T_i,), cross-faded."""
        overlap = round(controls.cross_fade * self.rate)
        made = []
        for synthesis, voice in zip(batch, voices, strict=True):
            parts = [replace(synthesis, features=mel) for mel in synthesis.features.mels]
            sounds = super().decode(parts, [voice] * len(parts), controls)
            made.append(cross_faded(sounds, overlap) * synthesis.features.gain)
        return made

    def decode_stream(
        self, synthesis: Synthesis, voice: Voice, controls: F5TtsControls
    ) -> Iterator[Waveform]:
        """`decode` in chunks, of a sentence in one part; in one chunk of any other."""
        made: Parts = synthesis.features
        if len(made.mels) > 1:
            yield from self.decode([synthesis], [voice], controls)
            return
        for chunk in super().decode_stream(replace(synthesis, features=made.mels[0]), voice, controls):
            yield chunk * made.gain
