"""Sound from a latent, window by window, and conversion of one from voice to voice."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hiervox.models.base.pipelines.protocols import Recording
from hiervox.models.base.pipelines.speech import Speech, Synthesis
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.base.pipelines.voices import Prompt, prepared, read_recording
from hiervox.models.tts.voices.pipeline import SpeakerPipeline
from hiervox.processors.audio import Waveform, resample
from hiervox.processors.pitch import Track
from hiervox.utils.errors import ConfigError

FIRST_CHUNK, NEXT_CHUNK = 20, 200
"""Frames of the latent that are decoded at once: the first so that sound begins soon."""


class LatentPipeline(SpeakerPipeline):
    """Base of pipelines that decode a latent (1, C, N), a frame a hop of `mel_config`."""

    @property
    @abstractmethod
    def decoder_context(self) -> int:
        """Frames on either side that a sample depends on."""

    @abstractmethod
    def decode_latent(self, z: Tensor, style: Tensor | None) -> Tensor:
        """(1, C, N), style (1, S, 1) or None → (1, 1, T)."""

    @abstractmethod
    def converted(self, wav: Waveform, own: Tensor, target: Tensor, controls: Any) -> Iterator[Waveform]:
        """A recording (T,) at `rate` in chunks (T_i,), from its voice (1, S, 1) to the target's."""

    def latent_of(self, synthesis: Synthesis) -> Tensor:
        """The latent (1, C, N) of a sequence; by default its features."""
        z: Tensor = synthesis.features
        return z

    def decode(self, batch: Sequence[Synthesis], voices: Sequence[Voice], controls: Any) -> list[Waveform]:
        """Latents to waveforms (T_i,), one by one: the decoder would see the padding of others."""
        return [
            np.concatenate(list(self.decode_stream(one, voice, controls)))
            for one, voice in zip(batch, voices, strict=True)
        ]

    def decode_stream(self, synthesis: Synthesis, voice: Voice, controls: Any) -> Iterator[Waveform]:
        """`decode` in chunks, the first of a quarter of a second."""
        yield from self._sound(self.latent_of(synthesis), self.styles([voice]))

    @torch.inference_mode()
    def _sound(
        self, z: Tensor, style: Tensor | None, start: int = 0, end: int | None = None
    ) -> Iterator[Waveform]:
        """Frames `start` to `end` of a latent (1, C, N) to sound, window by window.

        Each window sees all that its samples depend on.
        """
        hop, context = self.mel_config.hop_length, self.decoder_context
        end, size = z.shape[2] if end is None else end, FIRST_CHUNK
        while start < end:
            stop, first = min(start + size, end), max(0, start - context)
            wav = self.decode_latent(z[:, :, first : stop + context], style)[0, 0]
            yield wav[(start - first) * hop : (stop - first) * hop].float().cpu().numpy()
            start, size = stop, NEXT_CHUNK

    def vc(
        self,
        source: Recording,
        voice: Prompt | None = None,
        controls: Any = None,
        f0: Track | None = None,
    ) -> Speech:
        """Say what a recording says, as it says it, in a voice.

        Args:
            source: spoken by one of the model's speakers (`source_speaker`), or, where the model has an
                encoder of references, by anyone.
            voice: whom to speak like; None for the model's own first voice.
            controls: those of text are not used; None for the defaults.
            f0: is not understood.

        Raises:
            AudioError: the recording is missing, silent, too short or not finite, or no sound was made.
            ConfigError: the model has one voice, the source's speaker is not named, or `f0` is given.
        """
        controls = self._controls(controls)
        target = self.voice(voice, for_text=False)
        _, chunks = self.vc_stream(source, target, controls, f0)
        return self.finished(list(chunks), None, target, controls)

    def vc_stream(
        self,
        source: Recording,
        voice: Prompt | None = None,
        controls: Any = None,
        f0: Track | None = None,
    ) -> tuple[Track | None, Iterator[Waveform]]:
        """`vc` chunk by chunk, at the model's rate and unscaled.

        Returns:
            None, for the F0 that such models do not have, and waveforms whose concatenation is the whole.
        """
        controls = self._controls(controls)
        if f0 is not None:
            raise ConfigError("the model has no pitch that can be set", "leave the F0 curve out")
        if self.speaker_network.speaker_sizes.voice == "none":
            raise ConfigError("the model has one voice", "convert with a model of several speakers")
        recording = prepared(source, "the source")
        own = self.styles([self._source_voice(recording, controls)])
        target = self.styles([self.voice(voice, for_text=False)])
        assert own is not None and target is not None
        wav, rate = read_recording(source)
        samples = resample(np.asarray(wav, np.float32), rate, self.rate)
        return None, self.converted(samples, own, target, controls)

    def _source_voice(self, recording: Waveform, controls: Any) -> Voice:
        if self.speaker_network.speaker_sizes.voice == "reference":
            return self.recording_voice(recording)
        name = controls.source_speaker
        if name not in self.speakers:
            said = "is not named" if name is None else f"{name!r} is not one of the model's"
            raise ConfigError(
                f"the speaker of the source {said}",
                f"set source_speaker to one of {', '.join(self.speakers)}",
            )
        return self._speaker_voice(name)
