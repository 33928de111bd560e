"""EnCodec for use: a recording to tokens and back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from hiervox.models.base.checkpoints.checkpoint import load_network
from hiervox.models.base.pipelines.protocols import Codes
from hiervox.models.codec.encodec.model import Encodec, Segment
from hiervox.modules.normalization.weight_norm import remove_weight_norm
from hiervox.processors.audio import Waveform, resample
from hiervox.utils.errors import AudioError, CheckpointError, ConfigError, DataError


class EncodecPipeline:
    """Codes and decodes mono recordings as a whole; memory grows with their length.

    Args:
        network: its weights are made ready for inference, so it can't be trained any more.

    Attributes:
        rate: of waveforms, Hz.
        frame_rate: frames of tokens a second.
        codebooks: of all bandwidths together.
        codebook_size: values of a token.
    """

    def __init__(self, network: Encodec) -> None:
        self.network = network.eval()
        remove_weight_norm(self.network)
        config = network.config
        self.device = next(network.parameters()).device
        self.rate = config.sample_rate
        self.frame_rate = config.frame_rate
        self.codebooks = config.n_codebooks
        self.codebook_size = config.n_entries

    @classmethod
    def load(cls, folder: Path, device: str | torch.device = "cpu") -> EncodecPipeline:
        """Load a checkpoint folder, or the last checkpoint of a run folder.

        Raises:
            CheckpointError: it is missing, broken, or another system's.
            ConfigError: its codes come in scaled segments, as those of the 48 kHz model.
        """
        network, experiment = load_network(folder, device)
        if not isinstance(network, Encodec):
            raise CheckpointError(
                f"{folder} is {experiment.system}/{experiment.part}, not encodec/encodec",
                "name an EnCodec checkpoint",
            )
        if network.config.scale_input or network.config.segment_seconds is not None:
            raise ConfigError(
                f"the codes of {folder} come in scaled segments, which files of tokens do not hold",
                "use a model like the published 24 kHz one, or `Encodec.encode` from Python",
            )
        return cls(network)

    @torch.inference_mode()
    def encode(self, wav: Waveform, rate: int, codebooks: int | None = None) -> Codes:
        """Code a waveform.

        Args:
            wav: (T,) float32.
            rate: of `wav`, Hz; it is resampled to `self.rate`.
            codebooks: the first so many; all where None.

        Returns:
            (Q, N), a frame for each begun hop.

        Raises:
            AudioError: the waveform is empty, has several channels, or is not finite.
            ConfigError: there are no so many codebooks.
        """
        if wav.ndim != 1 or wav.size == 0 or not np.isfinite(wav).all():
            raise AudioError(
                f"a waveform of shape {wav.shape} can't be coded", "give finite samples of one channel"
            )
        if codebooks is not None and not 1 <= codebooks <= self.codebooks:
            raise ConfigError(f"no {codebooks} codebooks", f"choose 1 to {self.codebooks}")
        own = torch.from_numpy(resample(np.asarray(wav, np.float32), rate, self.rate))
        batch = own.to(self.device).expand(1, self.network.config.audio_channels, -1)
        (segment,) = self.network.encode(batch, codebooks)
        codes: Codes = segment.codes[0].cpu().numpy()
        return codes

    @torch.inference_mode()
    def decode(self, codes: Codes) -> Waveform:
        """Codes (Q, N) of the first Q codebooks → (N * hop,) at `self.rate`.

        Raises:
            DataError: the codes are not this codec's.
        """
        if codes.ndim != 2 or not 1 <= codes.shape[0] <= self.codebooks or not codes.size:
            raise DataError(
                f"codes of shape {codes.shape} can't be decoded", f"give 1 to {self.codebooks} codebooks"
            )
        if codes.min() < 0 or codes.max() >= self.codebook_size:
            raise DataError(
                f"code {int(codes.max())} is not in a codebook of {self.codebook_size}",
                "name the right model",
            )
        batch = torch.from_numpy(np.ascontiguousarray(codes, np.int64))[None].to(self.device)
        wav: Waveform = self.network.decode([Segment(batch, None)])[0].mean(0).float().cpu().numpy()
        return wav
