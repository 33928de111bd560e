"""From log-mel spectrograms and F0 to sound, at a pitch of one's choice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from pydantic import Field

from hiervox.models.base.pipelines.controls import Controls
from hiervox.models.base.pipelines.protocols import Mel
from hiervox.models.base.pipelines.vocoder import CHUNK_FRAMES
from hiervox.models.base.pipelines.vocoder import MelF0 as F0
from hiervox.models.vocoder.pipeline import VocoderPipeline
from hiervox.processors.audio import Waveform
from hiervox.processors.pitch import semitone_ratio
from hiervox.utils.errors import ConfigError


class F0VocoderControls(Controls):
    """What can be set of a vocoder that is driven by F0.

    Attributes:
        semitones: shift of the F0 that drives it. The spectrogram, and with it the timbre, stays.
    """

    semitones: float = Field(0.0, ge=-24, le=24, allow_inf_nan=False, description="shift of the pitch")


class F0VocoderPipeline(VocoderPipeline):
    """The pipeline of NSF-HiFi-GAN. Its methods take `controls` beside what every vocoder's take.

    Only the pitch-controllable network is made for an F0 that is not the spectrogram's.
    """

    def vocode(self, mel: Mel, f0: F0 | None = None, controls: F0VocoderControls | None = None) -> Waveform:
        """Log-mel (M, N) and F0 (N,) to a waveform (T,) at `rate`.

        Raises:
            AudioError: as `VocoderPipeline.vocode`.
            ConfigError: the pitch of a network that hears no F0 is to be shifted.
        """
        return super().vocode(mel, self._shifted(f0, controls))

    def stream(
        self,
        mel: Mel,
        f0: F0 | None = None,
        frames: int = CHUNK_FRAMES,
        controls: F0VocoderControls | None = None,
    ) -> Iterator[Waveform]:
        """The same in chunks of so many frames, which together are what the whole gives.

        Raises:
            AudioError, ConfigError: as `vocode`.
        """
        return super().stream(mel, self._shifted(f0, controls), frames)

    def vocode_batch(
        self,
        mels: Sequence[Mel],
        f0s: Sequence[F0] | None = None,
        controls: F0VocoderControls | None = None,
    ) -> list[Waveform]:
        """Several spectrograms; those of one length pass the network together.

        Raises:
            AudioError, ConfigError: as `vocode`.
        """
        self._require_pitch(controls)
        shifted = None if f0s is None else [f0 * self._factor(controls) for f0 in f0s]
        return super().vocode_batch(mels, shifted)

    def resynthesize(self, wav: Waveform, rate: int, controls: F0VocoderControls | None = None) -> Waveform:
        """Copy synthesis at the controls' pitch: the waveform (T,) of `rate` Hz, at the vocoder's rate.

        Raises:
            ConfigError: as `vocode`.
        """
        mel = self.mel_of(wav, rate)
        f0 = self.f0_of(wav, rate, mel.shape[1]) if self.network.needs_f0 else None
        return self.vocode(mel, f0, controls)

    def _shifted(self, f0: F0 | None, controls: F0VocoderControls | None) -> F0 | None:
        self._require_pitch(controls)
        return None if f0 is None else f0 * self._factor(controls)

    @staticmethod
    def _factor(controls: F0VocoderControls | None) -> np.float32:
        """By which F0 rises."""
        return np.float32(1 if controls is None else semitone_ratio(controls.semitones))

    def _require_pitch(self, controls: F0VocoderControls | None) -> None:
        if controls is not None and controls.semitones and not self.network.needs_f0:
            raise ConfigError("this network hears no F0 that could be shifted", "leave semitones out")
