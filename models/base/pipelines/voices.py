"""What pipelines with voices share: voices from prompts, files and names, and the way to a higher rate."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from typing_extensions import Self

from hiervox.models.base.pipelines.bundle import find_part, load_denoiser, load_upsampler, prompts_of
from hiervox.models.base.pipelines.controls import SpeechControls
from hiervox.models.base.pipelines.pitch_transfer import PitchStatistics, track_pitch
from hiervox.models.base.pipelines.prompt import (
    MOST_SECONDS,
    prepare_prompt,
    prepare_recording,
    read_prompt,
    replicate_prompt,
)
from hiervox.models.base.pipelines.protocols import Enhancement, Recording, SuperResolution
from hiervox.models.base.pipelines.voice import Voice, interpolated
from hiervox.models.base.pipelines.voice_store import is_voice_name, load_voice, voice_names, voice_path
from hiervox.processors.audio import SAMPLE_RATE, Waveform, read_audio, resample, resample_chunks
from hiervox.processors.pitch import PitchConfig
from hiervox.processors.spectrogram import SpectrogramConfig, log_mel
from hiervox.utils.errors import ConfigError
from hiervox.utils.files import is_file

Prompt = Recording | Voice
"""Whom to speak like: a recording, a voice, or the name of a saved voice, a bundled one or a speaker."""


class VoicePipeline(ABC):
    """Base of pipelines that speak in voices.

    A system says what a voice is to it: `encode_voice` for prompts, `speakers` for speakers of its own, or
        both.

    Args:
        folder: of the model.
        device: where its networks run.

    Attributes:
        rate: of what the system's own networks make, Hz.
        pitch: how the pitch of prompts is tracked.
        controls: the model of its controls.
    """

    controls: ClassVar[type[SpeechControls]] = SpeechControls
    rate: int = SAMPLE_RATE
    pitch: PitchConfig = PitchConfig()

    def __init__(self, folder: Path, device: str | torch.device = "cpu") -> None:
        self.folder = folder
        self.device = torch.device(device)
        self._upsamplers: dict[int, SuperResolution] = {}

    @classmethod
    @abstractmethod
    def load(cls, folder: Path, device: str | torch.device = "cpu") -> Self:
        """Open a model; networks may load when they are first needed.

        Raises:
            CheckpointError: a checkpoint is missing, broken, or of another part.
        """

    # what a system gives

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """What saved voices are bound to: the same for weights that give the same voices."""

    @property
    def speakers(self) -> tuple[str, ...]:
        """Names of the speakers that the networks know; none where voices come from prompts alone."""
        return ()

    def speaker_tensors(self, name: str) -> dict[str, Tensor]:
        """The voice of one of `speakers`, as `Voice.tensors`."""
        raise NotImplementedError(f"{type(self).__name__} names speakers and has no speaker_tensors")

    def encode_voice(self, recording: Waveform, for_text: bool = True) -> dict[str, Tensor]:
        """The voice of a prompt (T,) at 16 kHz, as `Voice.tensors`.

        Args:
            recording: checked, 0.5 to 30 s.
            for_text: whether the voice will read texts; what only that needs may be left out otherwise.

        Raises:
            ConfigError: the system takes no prompts.
        """
        known = ", ".join(self.speakers) or "one"
        raise ConfigError("the model takes no recordings as prompts", f"name a voice of its own ({known})")

    def check_voice(self, voice: Voice, name: str) -> None:  # noqa: B027
        """Refuse tensors of a saved voice that the networks can't take.

        Raises:
            CheckpointError: such tensors.
        """

    # what follows from that

    def voice(
        self,
        prompt: Prompt | None = None,
        *,
        denoise_ratio: float = 0.0,
        replicate: bool = False,
        for_text: bool = True,
    ) -> Voice:
        """A voice, to speak with more than once.

        Args:
            prompt: a voice comes back as it is; None for the model's own first voice.
            denoise_ratio: share of the voice that the denoised recording gives, 0 to 1.
            replicate: whether a short recording is repeated before it is encoded.
            for_text: whether the voice will read texts; for conversion, less may have to be loaded.

        Raises:
            AudioError: the recording is missing, silent, too short or not finite.
            ConfigError: there is no such voice, another model made it, or the system takes no prompts.
            CheckpointError: a ratio over 0, and the bundle has no denoiser.
        """
        found = self.own_voice() if prompt is None else prompt
        if isinstance(found, Voice):
            if found.model != self.fingerprint:
                raise ConfigError("the voice was made with another model", "make it with this one")
            return found
        if isinstance(found, str) and not is_file(Path(found)) and is_voice_name(found):
            named = self.named_voice(found)
            if isinstance(named, Voice):
                return named
            found = named
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
        if self.speakers:
            return self._speaker_voice(self.speakers[0])
        raise ConfigError("no voice to speak in", "give a recording or the name of a saved voice")

    @property
    def own_voice_name(self) -> str:
        """The name of `own_voice`; empty where there is none."""
        return next(iter([*(prompt.stem for prompt in prompts_of(self.folder)), *self.speakers]), "")

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
            if name in self.speakers:
                return self._speaker_voice(name)
            known = ", ".join(dict.fromkeys([*voice_names(), *bundled, *self.speakers])) or "none"
            raise ConfigError(f"no voice {name!r}", f"`hiervox voice add` makes one; there are: {known}")
        voice = load_voice(name, self.fingerprint)
        self.check_voice(voice, str(voice_path(name)))
        return voice

    def _speaker_voice(self, name: str) -> Voice:
        return Voice(self.speaker_tensors(name), self.fingerprint)

    @torch.inference_mode()
    def _prompt_voice(
        self, wav: Waveform, rate: int, name: str, denoise_ratio: float, replicate: bool, for_text: bool
    ) -> Voice:
        if not 0 <= denoise_ratio <= 1:
            raise ConfigError(f"no denoise ratio {denoise_ratio:g}", "give a number from 0 to 1")
        recording = prepare_prompt(wav, rate, name)
        tensors = self._encoded(recording, replicate, for_text)
        if denoise_ratio > 0:
            enhanced, enhanced_rate = self.denoiser.enhance(recording, SAMPLE_RATE)
            clean = resample(enhanced, enhanced_rate, SAMPLE_RATE)[: recording.size]
            tensors = interpolated(tensors, self._encoded(clean, replicate, for_text), denoise_ratio)
        pitch = PitchStatistics.of(track_pitch(recording, self.pitch, name))
        return Voice(tensors, self.fingerprint, float(np.abs(recording).max()), pitch)

    def _encoded(self, recording: Waveform, replicate: bool, for_text: bool) -> Mapping[str, Tensor]:
        return self.encode_voice(replicate_prompt(recording) if replicate else recording, for_text)

    @cached_property
    def denoiser(self) -> Enhancement:
        """The bundle's denoiser.

        Raises:
            CheckpointError: it has none.
        """
        return load_denoiser(self.folder, self.device)

    def upsampler(self, rate: int) -> SuperResolution:
        """The bundle's super-resolution network for a rate in Hz.

        Raises:
            CheckpointError: the bundle has none.
        """
        if rate not in self._upsamplers:
            self._upsamplers[rate] = load_upsampler(self.folder, rate, self.device)
        return self._upsamplers[rate]

    def output_rate(self, controls: SpeechControls) -> int:
        """Hz of what is made with these controls."""
        return controls.rate or self.rate

    def require(self, *, rate: int | None = None, denoiser: bool = False) -> None:
        """Make sure that the model can do what is asked, before anything is computed.

        Raises:
            CheckpointError: it lacks a network.
        """
        if rate not in (None, self.rate):
            find_part(self.folder, "sr", rate)
        if denoiser:
            find_part(self.folder, "enhancement")

    def at_rate(self, chunks: Iterable[Waveform], rate: int | None) -> Iterator[Waveform]:
        """Bring a waveform at the system's rate to another while it comes, (T_i,) each.

        The result is that of super-resolution of the whole, whatever the chunks; what comes out lags behind
        by what the network looks ahead.

        Raises:
            CheckpointError: the bundle has no super-resolution for this rate.
        """
        if rate in (None, self.rate):
            yield from chunks
            return
        assert rate is not None
        upsampler = self.upsampler(rate)
        stream = upsampler.stream()
        for chunk in resample_chunks(chunks, self.rate, upsampler.input_rate):
            wide = stream.push(chunk)
            if wide.size:
                yield wide
        rest = stream.finish()
        if rest.size:
            yield rest

    @property
    def mel_config(self) -> SpectrogramConfig:
        """Of the spectrograms that are drawn and returned: by default 20 ms frames at the system's rate."""
        hop = self.rate // 50
        return SpectrogramConfig(
            sample_rate=self.rate, n_fft=4 * hop, win_length=4 * hop, hop_length=hop, f_max=self.rate / 2
        )

    def mel(self, wav: Waveform) -> NDArray[np.float32]:
        """Log-mel (M, N) of a waveform (T,) at the system's rate."""
        mel: NDArray[np.float32] = log_mel(torch.from_numpy(wav)[None], self.mel_config)[0].numpy()
        return mel

    def recording_voice(self, recording: Waveform) -> Voice:
        """The voice of a 16 kHz recording (T,) itself, of its beginning where it is long, for conversion."""
        beginning = recording[: int(MOST_SECONDS * SAMPLE_RATE)]
        return self._prompt_voice(beginning, SAMPLE_RATE, "the recording", 0.0, False, for_text=False)


def read_recording(recording: Recording) -> tuple[Waveform, int]:
    """A recording's waveform (T,) and its rate in Hz."""
    return recording if isinstance(recording, tuple) else read_audio(recording)


def recording_name(recording: Recording, otherwise: str) -> str:
    """What messages call a recording."""
    return otherwise if isinstance(recording, tuple) else str(recording)


def prepared(recording: Recording, otherwise: str) -> Waveform:
    """A recording at 16 kHz, checked.

    Raises:
        AudioError: it is missing, silent, too short or not finite.
    """
    return prepare_recording(*read_recording(recording), recording_name(recording, otherwise))
