"""Sound from a latent, window by window, and conversion of one from voice to voice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from hiervox.models.base.pipelines.parts import Source
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.base.pipelines.voice_loader import recording_prompt
from hiervox.models.tts._voices.controls import ConversionControls
from hiervox.models.tts._voices.pipeline import SpeakerVoices
from hiervox.modules.functional.windows import window_plan
from hiervox.processors.audio import Waveform, resample
from hiervox.processors.pitch import F0Contour
from hiervox.utils.errors import ConfigError

ControlsT = TypeVar("ControlsT", bound=ConversionControls)

CONVERSION_WINDOW = 1000
"""Frames of a recording that are converted at once."""
FIRST_CHUNK, NEXT_CHUNK = 20, 200
"""Frames of the latent that are decoded at once: the first so that sound begins soon."""


class LatentDecoder:
    """A latent (1, C, N) to sound.

    Args:
        decode: (1, C, N), style (1, S, 1) or None → (1, 1, N * hop_length).
        context: frames on either side that a sample depends on.
        hop_length: samples to a frame.
    """

    def __init__(
        self, decode: Callable[[Tensor, Tensor | None], Tensor], context: int, hop_length: int
    ) -> None:
        self.decode, self.context, self.hop_length = decode, context, hop_length

    @torch.inference_mode()
    def stream(
        self, z: Tensor, style: Tensor | None, start: int = 0, end: int | None = None
    ) -> Iterator[Waveform]:
        """Frames `start` to `end` to sound, window by window; each sees all that its samples depend on."""
        hop, context = self.hop_length, self.context
        end, size = z.shape[2] if end is None else end, FIRST_CHUNK
        while start < end:
            stop, first = min(start + size, end), max(0, start - context)
            wav = self.decode(z[:, :, first : stop + context], style)[0, 0]
            yield wav[(start - first) * hop : (stop - first) * hop].float().cpu().numpy()
            start, size = stop, NEXT_CHUNK

    def windows(
        self,
        latent: Callable[[int, int], Tensor],
        style: Tensor | None,
        frames: int,
        context: int,
        multiple: int = 1,
    ) -> Iterator[Waveform]:
        """A recording whose latent is made window by window to sound: the same samples as in one pass.

        Args:
            latent: of the recording's frames `first` to `last`, (1, C, last - first).
            style: as for `decode`.
            frames: of the recording, a multiple of `multiple`.
            context: frames on either side that a frame of the latent depends on.
            multiple: of which `first` and `last` are one.
        """
        for window in window_plan(frames, CONVERSION_WINDOW, self.context):
            first = max(0, window.first - context) // multiple * multiple
            last = min(frames, -(-(window.last + context) // multiple) * multiple)
            seen = latent(first, last)[:, :, : window.last - first]
            yield from self.stream(seen, style, window.start - first, window.stop - first)

    def whole(self, z: Tensor, style: Tensor | None) -> Waveform:
        """All frames to a waveform (T,)."""
        return np.concatenate(list(self.stream(z, style)))


class LatentConverter(Generic[ControlsT]):
    """The `Converter` of systems whose latent goes from the source's voice to the target's.

    Args:
        voices: of the system.
        converted: a recording (T,) at the system's rate, its voice (1, S, 1), the target's, the controls →
            chunks (T_i,).
    """

    def __init__(
        self,
        voices: SpeakerVoices,
        converted: Callable[[Waveform, Tensor, Tensor, ControlsT], Iterator[Waveform]],
    ) -> None:
        self.voices, self.converted = voices, converted

    def convert(
        self, source: Source, voice: Voice, controls: ControlsT, f0: F0Contour | None = None
    ) -> tuple[F0Contour | None, Iterator[Waveform]]:
        """See `Converter.convert`; there is no F0.

        Raises:
            ConfigError: the model has one voice, the source's speaker is not named, or `f0` is given.
        """
        if f0 is not None:
            raise ConfigError("the model has no pitch that can be set", "leave the F0 curve out")
        if self.voices.kind == "none":
            raise ConfigError("the model has one voice", "convert with a model of several speakers")
        own = self.voices.styles([self._source_voice(source, controls)])
        target = self.voices.styles([voice])
        assert own is not None and target is not None
        samples = resample(np.asarray(source.wav, np.float32), source.rate, self.voices.mel.sample_rate)
        return None, self.converted(samples, own, target, controls)

    def _source_voice(self, source: Source, controls: ControlsT) -> Voice:
        if self.voices.kind == "reference":
            prompt, name = recording_prompt(source.speech)
            return Voice(self.voices.encode(prompt, name, for_text=False), self.voices.fingerprint)
        speaker, speakers = controls.source_speaker, self.voices.speakers
        if speaker is None or speaker not in speakers:
            said = "is not named" if speaker is None else f"{speaker!r} is not one of the model's"
            raise ConfigError(
                f"the speaker of the source {said}", f"set source_speaker to one of {', '.join(speakers)}"
            )
        return Voice(self.voices.speaker(speaker), self.voices.fingerprint)
