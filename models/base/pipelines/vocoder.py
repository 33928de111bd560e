"""The pipeline of any vocoder that is one network from log-mel to waveform."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from typing_extensions import Self

from hiervox.models.base.checkpoints.checkpoint import load_network
from hiervox.models.base.pipelines.protocols import Mel
from hiervox.modules.normalization.weight_norm import remove_weight_norm
from hiervox.processors.audio import Waveform, resample
from hiervox.processors.spectrogram import SpectrogramConfig, log_mel
from hiervox.utils.errors import AudioError, CheckpointError, ConfigError


class MelVocoderPipeline:
    """A vocoder whose network maps log-mel (B, M, N) to a waveform (B, 1, T) or (B, T).

    A card may name this class as its pipeline as it is; a vocoder that needs more than the mel, or works it
    off in windows, overrides `waveform`.

    Args:
        network: its weights are made ready for inference, so it can't be trained any more.
        mel: how the spectrograms that it was trained on are made.

    Attributes:
        rate: of the output, Hz.
        device: of the network.
    """

    def __init__(self, network: nn.Module, mel: SpectrogramConfig) -> None:
        self.network = network.eval()
        remove_weight_norm(self.network)
        self.mel = mel
        self.rate = mel.sample_rate
        self.device = next(network.parameters()).device

    @classmethod
    def load(cls, folder: Path, device: str | torch.device = "cpu") -> Self:
        """Load a checkpoint folder, or the last checkpoint of a run folder.

        Raises:
            CheckpointError: it is missing or broken, or its config has no `mel` section.
        """
        network, experiment = load_network(folder, device)
        mel = getattr(experiment, "mel", None)
        if not isinstance(mel, SpectrogramConfig):
            raise CheckpointError(
                f"the config of {folder} has no `mel` section", "name the checkpoint of a vocoder"
            )
        return cls(network, mel)

    @torch.inference_mode()
    def mel_of(self, wav: Waveform, rate: int) -> Mel:
        """The spectrogram (M, N) of a waveform (T,) of `rate` Hz, as the vocoder was trained on."""
        own = resample(np.ascontiguousarray(wav, np.float32), rate, self.rate)
        mel: Mel = log_mel(torch.from_numpy(own)[None], self.mel)[0].numpy()
        return mel

    def require_mel(self, given: SpectrogramConfig) -> None:
        """Refuse spectrograms that are made in another way than those of training.

        Raises:
            ConfigError: names both values of every setting that differs.
        """
        differences = self.mel.differences(given)
        if differences:
            raise ConfigError(
                f"the vocoder's mel spectrogram differs from the given one: {', '.join(differences)}",
                "take a vocoder for that spectrogram",
            )

    def resynthesize(self, wav: Waveform, rate: int) -> Waveform:
        """Copy synthesis: the waveform (T,) of `rate` Hz by way of its spectrogram, at the vocoder's rate."""
        return self.vocode(self.mel_of(wav, rate))

    @torch.inference_mode()
    def vocode(self, mel: Mel, f0: NDArray[np.float32] | None = None) -> Waveform:
        """Log-mel (M, N) to a waveform (T,) at `rate`.

        Args:
            mel: as `mel` describes it.
            f0: (N,), Hz; this pipeline's networks don't hear it.

        Raises:
            AudioError: the spectrogram has other sizes than the vocoder takes, or is not finite.
        """
        if (
            mel.ndim != 2
            or mel.shape[0] != self.mel.n_mels
            or mel.shape[1] == 0
            or not np.isfinite(mel).all()
        ):
            raise AudioError(
                f"a spectrogram of shape {mel.shape} can't be vocoded",
                f"give finite values of {self.mel.n_mels} mel bins and some frames",
            )
        batch = torch.from_numpy(np.ascontiguousarray(mel, np.float32))[None].to(self.device)
        wav: Waveform = self.waveform(batch).reshape(-1).float().cpu().numpy()
        return wav

    def waveform(self, mel: Tensor) -> Tensor:
        """(1, M, N) → (1, 1, T) or (1, T)."""
        wav: Tensor = self.network(mel)
        return wav
