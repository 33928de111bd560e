"""Vocoders: what all share, one network from log-mel to waveform, and none at all."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from typing_extensions import Self

from hiervox.models.base.checkpoints.inference import device_of, load_for_inference, parameter_count
from hiervox.models.base.pipelines.not_pickled import NotPickled
from hiervox.models.base.pipelines.protocols import Mel, Recording
from hiervox.processors.audio import (
    Waveform,
    as_waveform,
    audio_chunks,
    require_finite,
    require_one_channel,
    resample,
)
from hiervox.processors.griffin_lim import griffin_lim
from hiervox.processors.mel_stream import MelStream
from hiervox.processors.spectrogram import SpectrogramConfig
from hiervox.utils.errors import AudioError, CheckpointError, ConfigError

CHUNK_FRAMES = 1024
"""Mel frames to a pass over a long spectrogram, so that memory does not grow with it."""
ABOVE_LOUDEST = 10.0
"""How far a spectrogram may rise over the value of full scale, as one of a hardly trained network does."""
RESULT = "the vocoder's result"
"""What errors call it."""
MelF0 = NDArray[np.float32]
"""(N,), Hz at the mel frames, 0 where unvoiced."""


class MelVocoder(NotPickled, ABC):
    """Log-mel spectrograms, made as `mel` says, to sound.

    Args:
        mel: how the spectrograms are made.

    Attributes:
        rate: of the output, Hz.
        loudest: the log-mel value that no waveform at full scale passes.
    """

    def __init__(self, mel: SpectrogramConfig) -> None:
        self.mel = mel
        self.rate = mel.sample_rate
        self.loudest = mel.loudest

    @abstractmethod
    def vocode(self, mel: Mel, f0: MelF0 | None = None) -> Waveform:
        """Log-mel (M, N) to a waveform (T,) at `rate`.

        Args:
            mel: as `mel` describes it.
            f0: (N,), Hz, for a vocoder that takes it.

        Raises:
            AudioError: the spectrogram has another size than the vocoder takes; or one is not finite.
        """

    def stream(self, mel: Mel, f0: MelF0 | None = None, frames: int = CHUNK_FRAMES) -> Iterator[Waveform]:
        """`vocode` in chunks of so many frames where the vocoder can; by default in one.

        Raises:
            AudioError: as `vocode`.
        """
        yield self.vocode(mel, f0)

    def mel_of(self, wav: Waveform, rate: int) -> Mel:
        """The spectrogram (M, N) of a waveform (T,) of `rate` Hz, as the vocoder takes it.

        Raises:
            AudioError: the waveform is too short for one window of it, or has several channels.
        """
        return self._mel_of_chunks([resample(mono(wav), rate, self.rate)])

    def _mel_of_chunks(self, chunks: Iterable[Waveform]) -> Mel:
        """The spectrogram (M, N) of a waveform at `rate` that comes in chunks."""
        stream = MelStream(self.mel)
        try:
            return np.concatenate([*map(stream.push, chunks), stream.finish()], axis=1)
        except ValueError as error:
            raise AudioError(f"the recording is too short ({error})", "give a longer one") from error

    def require_mel(self, given: SpectrogramConfig) -> None:
        """Refuse spectrograms that are made in another way.

        Raises:
            ConfigError: names both values of every setting that differs.
        """
        if self.mel.floor_mode == given.floor_mode == "clamp" and given.floor > self.mel.floor:
            given = given.model_copy(update={"floor": self.mel.floor})  # it has heard quieter frames
        differences = self.mel.differences(given)
        if differences:
            raise ConfigError(
                f"the vocoder's mel spectrogram differs from the given one: {', '.join(differences)}",
                "take a vocoder for that spectrogram",
            )

    def resynthesize(self, wav: Waveform, rate: int) -> Waveform:
        """Copy synthesis: the waveform (T,) of `rate` Hz by way of its spectrogram, at the vocoder's rate.

        Raises:
            AudioError: as `mel_of`.
        """
        return np.concatenate(list(self.resynthesize_stream((wav, rate))))

    def resynthesize_stream(self, recording: Recording) -> Iterator[Waveform]:
        """`resynthesize` of a recording of any length, in chunks (T_i,).

        Raises:
            AudioError: as `mel_of`, or the file can't be read.
        """
        return self.stream(self._mel_of_chunks(recording_chunks(recording, self.rate)))

    def require_levels(self, mel: Mel) -> None:
        """Refuse a spectrogram whose values are no floats, or far louder than full scale.

        Raises:
            AudioError: such a spectrogram.
        """
        if not isinstance(mel, np.ndarray):
            raise AudioError(f"a {type(mel).__name__} is no spectrogram", "give a numpy array (M, N)")
        if mel.dtype.kind != "f":
            raise AudioError(f"a spectrogram of {mel.dtype} can't be vocoded", "give its logarithm as floats")
        if mel.size and mel.max() > self.loudest + ABOVE_LOUDEST:
            raise AudioError(
                f"the spectrogram rises to {mel.max():.2f}, but no sound is over {self.loudest:.2f} here",
                f"make it as this vocoder does (log {self.mel.log}, floor {self.mel.floor:g})",
            )

    def require_sizes(self, mel: Mel) -> None:
        """Refuse a spectrogram of other sizes, one that is not finite, and as `require_levels`.

        Raises:
            AudioError: such a spectrogram.
        """
        self.require_levels(mel)
        sizes_fit = mel.ndim == 2 and mel.shape[0] == self.mel.n_mels and mel.shape[1] > 0
        if not sizes_fit or not np.isfinite(mel).all():
            raise AudioError(
                f"a spectrogram of shape {mel.shape} can't be vocoded",
                f"give finite values of {self.mel.n_mels} mel bins and some frames",
            )


def mono(wav: Waveform) -> Waveform:
    """A waveform (T,) in float32.

    Raises:
        AudioError: it has several channels.
    """
    wav = as_waveform(wav, "the recording")
    require_one_channel(wav, "the recording")
    return wav


def recording_chunks(recording: Recording, rate: int) -> Iterator[Waveform]:
    """A sound file, or a waveform with its rate, in chunks (T_i,) at `rate` Hz.

    Raises:
        AudioError: the file can't be read, or the waveform has several channels.
    """
    if isinstance(recording, tuple):
        wav, own_rate = recording
        return iter([resample(mono(wav), own_rate, rate)])
    return audio_chunks(recording, rate)


class GriffinLimVocoder(MelVocoder):
    """No network: phases are estimated from the spectrogram alone. For any mel spectrogram."""

    def vocode(self, mel: Mel, f0: MelF0 | None = None) -> Waveform:
        """Log-mel (M, N) to a waveform (T,); F0 is not used.

        Raises:
            AudioError: as `MelVocoder.vocode`.
        """
        self.require_sizes(mel)
        return griffin_lim(mel, self.mel)


class MelVocoderPipeline(MelVocoder):
    """A vocoder whose network maps log-mel (B, M, N) to a waveform (B, 1, T) or (B, T).

    A card may name this class as its pipeline as it is; a vocoder that needs more than the mel, or works it
    off in windows, overrides `waveform`.

    Args:
        network: goes to eval mode.
        mel: how the spectrograms that it was trained on are made.

    Attributes:
        device: of the network.
        n_parameters: of the network, as it is loaded for inference: weight norm folded.
    """

    def __init__(self, network: nn.Module, mel: SpectrogramConfig) -> None:
        super().__init__(mel)
        self.network = network.eval()
        self.device = device_of(network)
        self.n_parameters = parameter_count(network)

    @classmethod
    def load(cls, folder: Path, device: str | torch.device = "cpu") -> Self:
        """Load a checkpoint folder, or the last checkpoint of a run folder.

        Raises:
            CheckpointError: it is missing or broken, or its config has no `mel` section.
        """
        network, experiment = load_for_inference(folder, device)
        mel = getattr(experiment, "mel", None)
        if not isinstance(mel, SpectrogramConfig):
            raise CheckpointError(
                f"the config of {folder} has no `mel` section", "name the checkpoint of a vocoder"
            )
        return cls(network, mel)

    @torch.inference_mode()
    def vocode(self, mel: Mel, f0: MelF0 | None = None) -> Waveform:
        """Log-mel (M, N) to a waveform (T,) at `rate`; this pipeline's networks don't take F0.

        Raises:
            AudioError: as `MelVocoder.vocode`.
        """
        self.require_sizes(mel)
        batch = torch.from_numpy(np.ascontiguousarray(mel, np.float32))[None].to(self.device)
        wav: Waveform = self.waveform(batch).reshape(-1).float().cpu().numpy()
        require_finite(wav, RESULT)
        return wav

    def waveform(self, mel: Tensor) -> Tensor:
        """(1, M, N) → (1, 1, T) or (1, T)."""
        wav: Tensor = self.network(mel)
        return wav
