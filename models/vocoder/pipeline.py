"""From log-mel spectrograms to sound with any of our vocoders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from typing_extensions import Self

from hiervox.models.base.checkpoints.checkpoint import load_network
from hiervox.models.base.pipelines.protocols import Mel
from hiervox.models.base.pipelines.vocoder import CHUNK_FRAMES, MelVocoderPipeline
from hiervox.models.base.pipelines.vocoder import MelF0 as F0
from hiervox.models.vocoder.config import VocoderExperiment
from hiervox.modules.functional.interpolation import interpolate_unvoiced
from hiervox.modules.generators.vocoder import VocoderGenerator
from hiervox.processors.audio import Waveform, resample
from hiervox.processors.pitch import PitchConfig, extract_f0, fit_length
from hiervox.processors.spectrogram import SpectrogramConfig
from hiervox.utils.errors import AudioError, CheckpointError

BELOW_SILENCE = 0.5
"""How far under the value of silence a spectrogram may fall before it is another's."""


class VocoderPipeline(MelVocoderPipeline):
    """A vocoder of this task's families.

    Args:
        network: its weights are made ready for inference.
        mel: how the spectrograms that it was trained on are made.
        pitch: how F0 is tracked, for a network that is driven by it.
    """

    network: VocoderGenerator

    def __init__(
        self, network: VocoderGenerator, mel: SpectrogramConfig, pitch: PitchConfig | None = None
    ) -> None:
        super().__init__(network, mel)
        network.prepare_for_inference()
        self.pitch = pitch or PitchConfig()
        self.silence = mel.silence

    @classmethod
    def load(cls, folder: Path, device: str | torch.device = "cpu") -> Self:
        """Load a checkpoint folder, or the last checkpoint of a run folder.

        Raises:
            CheckpointError: it is missing, broken, or no vocoder's.
        """
        network, experiment = load_network(folder, device)
        if not isinstance(experiment, VocoderExperiment) or not isinstance(network, VocoderGenerator):
            raise CheckpointError(f"{folder} is {experiment.system}, not a vocoder", "name a vocoder's")
        return cls.of(network, experiment)

    @classmethod
    def of(cls, network: VocoderGenerator, experiment: VocoderExperiment) -> Self:
        """The pipeline of a network that was trained as `experiment` says."""
        return cls(network, experiment.mel, experiment.features.pitch)

    @torch.inference_mode()
    def vocode(self, mel: Mel, f0: F0 | None = None) -> Waveform:
        """Log-mel (M, N) to a waveform (T,) at `rate`.

        Args:
            mel: as `mel` describes it.
            f0: (N,), Hz, for a network that is driven by F0.

        Raises:
            AudioError: the spectrogram has other sizes or values than the vocoder takes, or F0 is missing.
        """
        return np.concatenate(list(self.stream(mel, f0)))

    @torch.inference_mode()
    def stream(self, mel: Mel, f0: F0 | None = None, frames: int = CHUNK_FRAMES) -> Iterator[Waveform]:
        """The same in chunks of so many frames, which together are what the whole gives.

        A network that depends on the whole utterance gives one chunk.

        Raises:
            AudioError: as `vocode`.
        """
        self._check(mel, f0)
        batch, source = self._prepared([mel], None if f0 is None else [f0])
        for chunk in self._chunks(batch, source, frames):
            yield chunk.reshape(-1).float().cpu().numpy()

    @torch.inference_mode()
    def vocode_batch(self, mels: Sequence[Mel], f0s: Sequence[F0] | None = None) -> list[Waveform]:
        """Several spectrograms; those of one length pass the network together.

        Raises:
            AudioError: as `vocode`.
        """
        wavs: dict[int, Waveform] = {}
        for frames in sorted({mel.shape[-1] for mel in mels}):
            group = [number for number, mel in enumerate(mels) if mel.shape[-1] == frames]
            own = None if f0s is None else [f0s[number] for number in group]
            for place, number in enumerate(group):
                self._check(mels[number], None if own is None else own[place])
            batch, source = self._prepared([mels[number] for number in group], own)
            made = (
                torch.cat(list(self._chunks(batch, source, CHUNK_FRAMES)), dim=2)[:, 0].float().cpu().numpy()
            )
            wavs |= dict(zip(group, made, strict=True))
        return [wavs[number] for number in range(len(mels))]

    @torch.inference_mode()
    def resynthesize(self, wav: Waveform, rate: int) -> Waveform:
        """Copy synthesis: the waveform (T,) of `rate` Hz by way of its spectrogram, at the vocoder's rate."""
        mel = self.mel_of(wav, rate)
        return self.vocode(mel, self.f0_of(wav, rate, mel.shape[1]) if self.network.needs_f0 else None)

    def f0_of(self, wav: Waveform, rate: int, frames: int) -> F0:
        """F0 (frames,) of a waveform (T,) of `rate` Hz, tracked as in training."""
        own = resample(np.ascontiguousarray(wav, np.float32), rate, 16_000)
        config = self.pitch.model_copy(update={"hop_seconds": self.mel.hop_length / self.mel.sample_rate})
        f0: F0 = fit_length(extract_f0(own, 16_000, config, "the recording"), frames)
        return f0

    def _prepared(self, mels: Sequence[Mel], f0s: Sequence[F0] | None) -> tuple[Tensor, Tensor | None]:
        batch = torch.from_numpy(np.stack(mels).astype(np.float32)).to(self.device)
        f0 = None if f0s is None else torch.from_numpy(np.stack(f0s).astype(np.float32)).to(self.device)
        if f0 is not None and self.network.continuous_f0:
            f0 = interpolate_unvoiced(f0)
        return batch, self.network.source_signal(batch, f0)

    def _chunks(self, mel: Tensor, source: Tensor | None, frames: int) -> Iterator[Tensor]:
        """(B, 1, T_i); every chunk is computed with the frames beside it that it depends on."""
        network, total = self.network, mel.shape[-1]
        if network.context is None or total <= frames:
            yield network(mel) if source is None else network(mel, source)
            return
        for start in range(0, total, frames):
            low = max(0, start - network.context)
            high = min(total, start + frames + network.context)
            piece = mel[..., low:high]
            if source is None:
                wav = network(piece)
            else:
                wav = network(piece, source[..., low * network.source_rate : high * network.source_rate])
            end = None if start + frames >= total else (start + frames - low) * network.hop_length
            yield wav[..., (start - low) * network.hop_length : end]

    def _check(self, mel: Mel, f0: F0 | None) -> None:
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
