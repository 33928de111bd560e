"""From log-mel spectrograms to sound with any of our vocoders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import final

import numpy as np
import torch
from torch import Tensor
from typing_extensions import Self

from hiervox.models.base.checkpoints.inference import device_of, load_for_inference, parameter_count
from hiervox.models.base.pipelines.pitch_curve import check_pitch
from hiervox.models.base.pipelines.protocols import Mel, Recording
from hiervox.models.base.pipelines.vocoder import CHUNK_FRAMES, RESULT, MelVocoder, mono, recording_chunks
from hiervox.models.base.pipelines.vocoder import MelF0 as F0
from hiervox.models.vocoder._autoregressive.config import AutoregressiveVocoderExperiment
from hiervox.models.vocoder.config import VocoderExperiment
from hiervox.models.vocoder.controls import F0VocoderControls
from hiervox.modules.autoregressive.generation import AutoregressiveGenerator, Folding
from hiervox.modules.functional.interpolation import interpolate_unvoiced
from hiervox.modules.generators.vocoder import SourceWindow, VocoderGenerator
from hiervox.processors.audio import Waveform, require_finite, resample
from hiervox.processors.pitch import PitchConfig, extract_f0, fit_length, semitone_ratio
from hiervox.processors.pre_emphasis import DeEmphasis, PreEmphasisConfig
from hiervox.processors.spectrogram import SpectrogramConfig
from hiervox.utils.errors import AudioError, CheckpointError, ConfigError

PITCH_RATE = 16_000
"""Of the waveform that F0 is tracked in, Hz."""
ONE_PASS_SECONDS = 1800
"""Most that a network takes which depends on the whole utterance: memory grows with all its layers."""
BELOW_SILENCE = 0.5
"""How far under the value of silence a spectrogram may fall before it is another's."""


@final
class VocoderPipeline(MelVocoder):
    """A vocoder of this task's families.

    Only a network that is driven by F0 takes controls, and only a pitch-controllable one is made for an F0
    that is not the spectrogram's.

    Args:
        network: goes to eval mode.
        mel: how the spectrograms that it was trained on are made.
        pitch: how F0 is tracked, for a network that is driven by it.
        pre_emphasis: of the waveforms that it was trained to make, which is undone.

    Attributes:
        device: of the network.
        n_parameters: of the network, as it is loaded for inference: weight norm folded.
    """

    def __init__(
        self,
        network: VocoderGenerator,
        mel: SpectrogramConfig,
        pitch: PitchConfig | None = None,
        pre_emphasis: PreEmphasisConfig | None = None,
    ) -> None:
        super().__init__(mel)
        self.network = network.eval()
        self.device = device_of(network)
        self.n_parameters = parameter_count(network)
        self.pitch = pitch or PitchConfig()
        self.pre_emphasis = pre_emphasis or PreEmphasisConfig()
        self.silence = mel.silence

    @classmethod
    def load(cls, folder: Path, device: str | torch.device = "cpu") -> Self:
        """Load a checkpoint folder, or the last checkpoint of a run folder.

        Raises:
            CheckpointError: it is missing, broken, or no vocoder's.
        """
        network, experiment = load_for_inference(folder, device)
        if not isinstance(experiment, VocoderExperiment) or not isinstance(network, VocoderGenerator):
            raise CheckpointError(f"{folder} is {experiment.system}, not a vocoder", "name a vocoder's")
        pre_emphasis = None
        if isinstance(experiment, AutoregressiveVocoderExperiment):
            pre_emphasis = experiment.pre_emphasis
        return cls(network, experiment.mel, experiment.features.pitch, pre_emphasis)

    @torch.inference_mode()
    def vocode(self, mel: Mel, f0: F0 | None = None, controls: F0VocoderControls | None = None) -> Waveform:
        """Log-mel (M, N) to a waveform (T,) at `rate`.

        Args:
            mel: as `mel` describes it.
            f0: (N,), Hz, for a network that is driven by F0.
            controls: of the F0; None leaves it as it is.

        Raises:
            AudioError: the spectrogram has other sizes or values than the vocoder takes, F0 is missing, or
                the result is not finite.
            ConfigError: the pitch of a network that is not driven by F0 is to be shifted.
        """
        return np.concatenate(list(self.stream(mel, f0, controls=controls)))

    @torch.inference_mode()
    def stream(
        self,
        mel: Mel,
        f0: F0 | None = None,
        frames: int = CHUNK_FRAMES,
        controls: F0VocoderControls | None = None,
    ) -> Iterator[Waveform]:
        """The same in chunks of so many frames, which together are what the whole gives.

        A network that depends on the whole utterance gives one chunk, of up to `ONE_PASS_SECONDS`.

        Raises:
            AudioError, ConfigError: as `vocode`; AudioError, too, where such an utterance is longer.
        """
        if frames < 1:
            raise ConfigError(f"chunks can't have {frames} frames", "give 1 or more")
        self._check(mel, f0)
        batch, source = self._prepared([mel], None if f0 is None else [f0], controls)
        for chunk in self._chunks(batch, source, frames):
            wav = chunk.reshape(-1).float().cpu().numpy()
            require_finite(wav, RESULT)
            yield wav

    @torch.inference_mode()
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
        for mel in mels:
            self.require_levels(mel)
        wavs: dict[int, Waveform] = {}
        for frames in sorted({mel.shape[-1] for mel in mels}):
            group = [number for number, mel in enumerate(mels) if mel.shape[-1] == frames]
            own = None if f0s is None else [f0s[number] for number in group]
            for place, number in enumerate(group):
                self._check(mels[number], None if own is None else own[place])
            batch, source = self._prepared([mels[number] for number in group], own, controls)
            made = (
                torch.cat(list(self._chunks(batch, source, CHUNK_FRAMES)), dim=2)[:, 0].float().cpu().numpy()
            )
            require_finite(made, RESULT)
            wavs |= dict(zip(group, made, strict=True))
        return [wavs[number] for number in range(len(mels))]

    @torch.inference_mode()
    def resynthesize(self, wav: Waveform, rate: int, controls: F0VocoderControls | None = None) -> Waveform:
        """Copy synthesis: the waveform (T,) of `rate` Hz by way of its spectrogram, at the vocoder's rate.

        Raises:
            ConfigError: as `vocode`.
        """
        return np.concatenate(list(self.resynthesize_stream((wav, rate), controls)))

    def resynthesize_stream(
        self, recording: Recording, controls: F0VocoderControls | None = None
    ) -> Iterator[Waveform]:
        """`resynthesize` of a recording of any length, in chunks (T_i,).

        Its spectrogram is kept, and, for a network that is driven by F0, its waveform at 16 kHz while that is
        tracked.

        Raises:
            AudioError: as `mel_of`, or the file can't be read.
            ConfigError: as `vocode`.
        """
        mel, f0 = self._mel_of_chunks(recording_chunks(recording, self.rate)), None
        if self.network.needs_f0:
            f0 = self._f0(np.concatenate(list(recording_chunks(recording, PITCH_RATE))), mel.shape[1])
        return self.stream(mel, f0, controls=controls)

    @torch.inference_mode()
    def vocode_folded(self, mel: Mel, folding: Folding | None = None) -> Waveform:
        """`vocode` of a network that draws one sample after another, quicker and not quite the same.

        The utterance is cut into chunks that overlap, and all are generated side by side.

        Raises:
            AudioError: as `vocode`.
            ConfigError: the network makes all samples at once.
        """
        if not isinstance(self.network, AutoregressiveGenerator):
            raise ConfigError("the vocoder makes all samples at once", "use `vocode`")
        self._check(mel, None)
        batch, source = self._prepared([mel], None, None)
        drawn = self.network.folded(batch, self._whole(source, batch), folding or Folding())
        wav: Waveform = next(self._de_emphasized(iter([drawn]))).reshape(-1).cpu().numpy()
        require_finite(wav, RESULT)
        return wav

    def f0_of(self, wav: Waveform, rate: int, frames: int) -> F0:
        """F0 (frames,) of a waveform (T,) of `rate` Hz, tracked as in training."""
        return self._f0(resample(mono(wav), rate, PITCH_RATE), frames)

    def _f0(self, wav: Waveform, frames: int) -> F0:
        config = self.pitch.model_copy(update={"hop_seconds": self.mel.hop_length / self.mel.sample_rate})
        f0: F0 = fit_length(extract_f0(wav, PITCH_RATE, config, "the recording"), frames)
        return f0

    def _prepared(
        self, mels: Sequence[Mel], f0s: Sequence[F0] | None, controls: F0VocoderControls | None
    ) -> tuple[Tensor, SourceWindow]:
        if controls is not None and controls.semitones and not self.network.needs_f0:
            raise ConfigError("this network takes no F0 that could be shifted", "leave semitones out")
        if f0s is not None and controls is not None:
            f0s = [f0 * np.float32(semitone_ratio(controls.semitones)) for f0 in f0s]
        alone = len(mels) == 1 and mels[0].flags.writeable  # hours of it are not copied
        stacked = np.ascontiguousarray(mels[0], np.float32)[None] if alone else np.stack(mels)
        batch = torch.from_numpy(stacked.astype(np.float32, copy=False)).to(self.device)
        f0 = None if f0s is None else torch.from_numpy(np.stack(f0s).astype(np.float32)).to(self.device)
        if f0 is not None and self.network.continuous_f0:
            f0 = interpolate_unvoiced(f0)
        return batch, self.network.source_windows(batch, f0)

    def _chunks(self, mel: Tensor, source: SourceWindow, frames: int) -> Iterator[Tensor]:
        """(B, 1, T_i)."""
        if isinstance(self.network, AutoregressiveGenerator):
            return self._de_emphasized(self.network.stream(mel, self._whole(source, mel), frames))
        return self._de_emphasized(self._windows(mel, source, frames))

    @staticmethod
    def _whole(source: SourceWindow, mel: Tensor) -> Tensor:
        """The source signal of an autoregressive network."""
        signal = source(0, mel.shape[-1])
        assert signal is not None
        return signal

    def _de_emphasized(self, chunks: Iterator[Tensor]) -> Iterator[Tensor]:
        """Chunks (B, 1, T) as recordings are, cut at full scale, which a network may now pass."""
        if not self.pre_emphasis.changes:
            yield from chunks
            return
        undo = DeEmphasis(self.pre_emphasis)
        for chunk in chunks:
            yield undo(chunk).clamp(-1, 1)

    def _windows(self, mel: Tensor, source: SourceWindow, frames: int) -> Iterator[Tensor]:
        """Chunks (B, 1, T_i), each computed with the frames beside it that it depends on."""
        network, total = self.network, mel.shape[-1]
        if network.context is None:
            seconds = total * network.hop_length / self.rate
            if seconds > ONE_PASS_SECONDS:
                raise AudioError(
                    f"{seconds:.0f} s are too long for a vocoder whose samples depend on all of them",
                    f"cut it into recordings of {ONE_PASS_SECONDS} s at most",
                )
            frames = total
        for start in range(0, total, frames):
            context = network.context or 0
            low, high = max(0, start - context), min(total, start + frames + context)
            signal = source(low, high)
            wav = network(mel[..., low:high], *(() if signal is None else (signal,)))
            end = None if start + frames >= total else (start + frames - low) * network.hop_length
            yield wav[..., (start - low) * network.hop_length : end]

    def _check(self, mel: Mel, f0: F0 | None) -> None:
        self.require_levels(mel)
        if mel.ndim != 2 or mel.shape[0] != self.mel.n_mels or mel.shape[1] < 2 or not np.isfinite(mel).all():
            raise AudioError(
                f"a spectrogram of shape {mel.shape} can't be vocoded",
                f"give finite values of {self.mel.n_mels} mel bins and at least two frames",
            )
        if mel.min() < self.silence - BELOW_SILENCE:
            raise AudioError(
                f"the spectrogram falls to {mel.min():.2f}, but silence is {self.silence:.2f} here",
                f"make it as this vocoder does (log {self.mel.log}, floor {self.mel.floor:g})",
            )
        if self.network.needs_f0 and (f0 is None or f0.shape != mel.shape[1:]):
            shape = "none" if f0 is None else str(f0.shape)
            raise AudioError(
                f"this vocoder needs the F0 of all {mel.shape[1]} frames; given is {shape}", "give it in Hz"
            )
        if f0 is not None:
            check_pitch(f0)
