"""Voices from recordings, from files and by name."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from hiervox.models.base.pipelines.bundle import load_denoiser, prompts_of, voice_of_prompt
from hiervox.models.base.pipelines.parts import FullBandVoices, Voices
from hiervox.models.base.pipelines.pitch_transfer import PitchStatistics, track_pitch
from hiervox.models.base.pipelines.prompt import (
    MOST_SECONDS,
    prepare_prompt,
    prompt_at,
    read_prompt,
    replicate_prompt,
)
from hiervox.models.base.pipelines.protocols import Enhancement, Recording
from hiervox.models.base.pipelines.voice import Voice, interpolated
from hiervox.models.base.pipelines.voice_store import (
    is_voice_name,
    load_voice,
    read_record,
    read_voice,
    voice_names,
    voice_path,
    write_voice,
)
from hiervox.processors.audio import SAMPLE_RATE, Waveform, resample
from hiervox.utils.errors import ConfigError
from hiervox.utils.files import is_file

Prompt = Recording | Voice
"""Whom to speak like: a recording, a voice, or the name of a saved voice, a bundled one or a speaker."""
DIGEST = "sha256"
"""Of the recording, in the record of a bundled voice."""


class VoiceLoader:
    """Makes `Voice`s for a model.

    Args:
        folder: of the model.
        device: where the denoiser runs.
        voices: what a voice is to the system.
    """

    def __init__(self, folder: Path, device: torch.device, voices: Voices) -> None:
        self.folder, self.device, self.voices = folder, device, voices

    def voice(
        self,
        prompt: Prompt | None = None,
        *,
        denoise_ratio: float = 0.0,
        replicate: bool = False,
        for_text: bool = True,
    ) -> Voice:
        """A voice, to speak with more than once; see `SpeechPipeline.voice`."""
        found = self.own_voice() if prompt is None else prompt
        if isinstance(found, Voice):
            if found.model != self.voices.fingerprint:
                raise ConfigError("the voice was made with another model", "make it with this one")
            return found
        if not isinstance(found, str | Path | tuple):
            raise ConfigError(
                f"a {type(found).__name__} is no voice", "give a file, a waveform with its rate, or a `Voice`"
            )
        if isinstance(found, str) and not is_file(Path(found)) and is_voice_name(found):
            named = self.named_voice(found)
            if isinstance(named, Voice):
                return named
            found = named
        if not isinstance(found, tuple) and not denoise_ratio and not replicate:
            stored = self.stored_voice(Path(found))
            if stored is not None:
                return stored
        recording = found if isinstance(found, tuple) else read_prompt(Path(found))
        name = recording_name(found, "the prompt")
        return self._prompt_voice(*recording, name, denoise_ratio, replicate, for_text)

    def own_voice(self) -> Voice | Path:
        """What is spoken in where no voice is named: the model's first prompt, or its first speaker.

        Raises:
            ConfigError: it has neither.
        """
        prompts = prompts_of(self.folder)
        if prompts:
            return prompts[0]
        if self.voices.speakers:
            return self.speaker_voice(self.voices.speakers[0])
        raise ConfigError("no voice to speak in", "give a recording or the name of a saved voice")

    @property
    def own_voice_name(self) -> str:
        """The name of `own_voice`; empty where there is none."""
        return next(iter([*(prompt.stem for prompt in prompts_of(self.folder)), *self.voices.speakers]), "")

    def named_voice(self, name: str) -> Voice | Path:
        """A saved voice, the prompt of a bundled one, or a speaker, by name; saved ones go first.

        Raises:
            ConfigError: there is none of this name, or another model made it.
            CheckpointError: its file is broken.
        """
        bundled = {prompt.stem: prompt for prompt in prompts_of(self.folder)}
        if not voice_path(name).is_file():
            if name in bundled:
                return bundled[name]
            if name in self.voices.speakers:
                return self.speaker_voice(name)
            known = ", ".join(dict.fromkeys([*voice_names(), *bundled, *self.voices.speakers])) or "none"
            raise ConfigError(f"no voice {name!r}", f"`hiervox voice add` makes one; there are: {known}")
        voice = load_voice(name, self.voices.fingerprint)
        self.voices.check(voice, str(voice_path(name)))
        return voice

    def stored_voice(self, prompt: Path) -> Voice | None:
        """What the bundle keeps of a recording that it brings along, as `store_voices` made it.

        Returns:
            None where the bundle keeps none, or one of another recording or of other weights.

        Raises:
            CheckpointError: the file is broken.
        """
        folder = (self.folder / "prompts").resolve()
        file = voice_of_prompt(prompt.resolve())
        if prompt.resolve().parent != folder or not (prompt.is_file() and file.is_file()):
            return None
        record = read_record(file)
        if record.model != self.voices.fingerprint or record.made_of.get(DIGEST) != _digest(prompt):
            return None
        voice = read_voice(file)
        self.voices.check(voice, str(file))
        return voice

    def store_voices(self) -> list[Path]:
        """Keep in the bundle what the networks take from each recording that it brings along.

        Returns:
            The files.
        """
        files = []
        for prompt in prompts_of(self.folder):
            voice = self._prompt_voice(*read_prompt(prompt), str(prompt), 0.0, False, for_text=True)
            files.append(voice_of_prompt(prompt))
            files[-1].parent.mkdir(exist_ok=True)
            write_voice(files[-1], voice, {"prompts": {prompt.name: 1.0}, DIGEST: _digest(prompt)})
        return files

    def speaker_voice(self, name: str) -> Voice:
        """The voice of one of the model's speakers."""
        return Voice(self.voices.speaker(name), self.voices.fingerprint)

    def recording_voice(self, recording: Waveform) -> Voice:
        """The voice of a 16 kHz recording (T,) itself, of its beginning where it is long."""
        beginning = recording[: int(MOST_SECONDS * SAMPLE_RATE)]
        return self._prompt_voice(beginning, SAMPLE_RATE, "the recording", 0.0, False, for_text=False)

    @cached_property
    def denoiser(self) -> Enhancement:
        """The bundle's denoiser.

        Raises:
            CheckpointError: it has none.
        """
        return load_denoiser(self.folder, self.device)

    @torch.inference_mode()
    def _prompt_voice(
        self, wav: Waveform, rate: int, name: str, denoise_ratio: float, replicate: bool, for_text: bool
    ) -> Voice:
        if not 0 <= denoise_ratio <= 1:
            raise ConfigError(f"no denoise ratio {denoise_ratio:g}", "give a number from 0 to 1")
        if self.voices.prompts_have_text and (denoise_ratio or replicate):
            raise ConfigError(
                "the model reads a prompt with its text, which is neither repeated nor mixed",
                "clean the recording with `hiervox enhance`",
            )
        recording = prepare_prompt(wav, rate, name)
        if isinstance(self.voices, FullBandVoices):
            own = prompt_at(wav, rate, name, self.voices.prompt_rate)
            tensors = self.voices.encode(own, name, for_text)
        else:
            tensors = self._encoded(recording, name, replicate, for_text)
        if denoise_ratio > 0:
            enhanced, enhanced_rate = self.denoiser.enhance(recording, SAMPLE_RATE)
            clean = resample(enhanced, enhanced_rate, SAMPLE_RATE)[: recording.size]
            tensors = interpolated(tensors, self._encoded(clean, name, replicate, for_text), denoise_ratio)
        pitch = PitchStatistics.of(track_pitch(recording, self.voices.pitch, name))
        return Voice(tensors, self.voices.fingerprint, float(np.abs(recording).max()), pitch)

    def _encoded(self, recording: Waveform, name: str, replicate: bool, for_text: bool) -> dict[str, Tensor]:
        prompt = replicate_prompt(recording) if replicate else recording
        return self.voices.encode(prompt, name, for_text)


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def recording_prompt(recording: Waveform) -> tuple[Waveform, str]:
    """The beginning of a 16 kHz recording (T,) as a prompt of its own voice, and what messages call it.

    Raises:
        AudioError: it is silent, too short or not finite.
    """
    name = "the recording"
    return prepare_prompt(recording[: int(MOST_SECONDS * SAMPLE_RATE)], SAMPLE_RATE, name), name


def recording_name(recording: Recording, otherwise: str) -> str:
    """What messages call a recording."""
    return otherwise if isinstance(recording, tuple) else str(recording)
