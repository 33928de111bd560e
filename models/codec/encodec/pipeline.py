"""EnCodec for use: a recording to tokens and back."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hiervox.models.base.checkpoints.inference import load_for_inference
from hiervox.models.base.pipelines.codes import codes_of
from hiervox.models.base.pipelines.not_pickled import NotPickled
from hiervox.models.base.pipelines.protocols import Codes
from hiervox.models.codec.encodec.networks.encodec import Encodec, Segment, overlap_added
from hiervox.models.codec.encodec.windows import can_be_windowed, decode_windows, encode_windows
from hiervox.modules.generators.vocos import Vocos
from hiervox.processors.audio import Waveform, as_recording, require_finite, resample
from hiervox.utils.errors import AudioError, CheckpointError, ConfigError, DataError

ONE_PASS_SECONDS = 300
"""Most that a network takes which looks ahead and has no segments: memory grows with all its layers."""


class EncodecPipeline(NotPickled):
    """Codes and decodes mono recordings, in windows where these give what the whole does.

    That is so of networks that look back only, such as the published one at 24 kHz; others without segments
    take the whole in one pass, up to `ONE_PASS_SECONDS`.

    Args:
        network: goes to eval mode.

    Attributes:
        rate: of waveforms, Hz.
        frame_rate: frames of tokens a second.
        codebooks: of all bandwidths together.
        codebook_size: values of a token.
    """

    def __init__(self, network: Encodec) -> None:
        self.network = network.eval()
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
        """
        network, experiment = load_for_inference(folder, device)
        if not isinstance(network, Encodec):
            raise CheckpointError(
                f"{folder} is {experiment.system}/{experiment.part}, not encodec/encodec",
                "name an EnCodec checkpoint",
            )
        scaled = network.config.scale_input or network.config.segment_seconds is not None
        return ScaledEncodecPipeline(network) if scaled else cls(network)

    def entries(self, codebook: int) -> NDArray[np.float32]:
        """See `VectorCodec.entries`."""
        vectors = self.network.quantizer.codebooks[codebook].get_buffer("entries")
        found: NDArray[np.float32] = vectors.cpu().numpy().copy()
        return found

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
            AudioError: the waveform is empty, has several channels, or is not finite, or it is too long for
                one pass of a network that can't take it in windows.
            ConfigError: there are no so many codebooks.
        """
        batch = self._batch(wav, rate, codebooks)
        if can_be_windowed(self.network):
            whole = encode_windows(self.network, batch, codebooks)
        else:
            self._require_one_pass(batch.shape[-1] / self.rate)
            whole = self.network.encode(batch, codebooks)[0].codes
        codes: Codes = whole[0].cpu().numpy()
        return codes

    def _batch(self, wav: Waveform, rate: int, codebooks: int | None) -> Tensor:
        """(1, audio_channels, T) at `self.rate`."""
        wav = as_recording(wav, "the recording")
        if codebooks is not None and not 1 <= codebooks <= self.codebooks:
            raise ConfigError(f"no {codebooks} codebooks", f"choose 1 to {self.codebooks}")
        own = torch.from_numpy(resample(wav, rate, self.rate))
        return own.to(self.device).expand(1, self.network.config.audio_channels, -1)

    @torch.inference_mode()
    def decode(self, codes: Codes) -> Waveform:
        """Codes (Q, N) of the first Q codebooks → (N * hop,) at `self.rate`.

        Raises:
            DataError: the codes are not this codec's.
            AudioError: what they are decoded to is not finite, or too long, as of `encode`.
        """
        checked = codes_of(codes, self, self.device)
        if not can_be_windowed(self.network) and not isinstance(self.network.decoder, Vocos):
            self._require_one_pass(checked.shape[-1] / self.frame_rate)
        wav = np.empty(checked.shape[-1] * math.prod(self.network.config.strides), np.float32)
        done = 0
        for chunk in decode_windows(self.network, checked):
            part = _mono(chunk)
            wav[done : done + part.size] = part
            done += part.size
        return wav

    @staticmethod
    def _require_one_pass(seconds: float) -> None:
        if seconds > ONE_PASS_SECONDS:
            raise AudioError(
                f"{seconds:.0f} s are too long for a codec that looks ahead and has no segments",
                f"cut it into recordings of {ONE_PASS_SECONDS} s at most",
            )


def _mono(chunk: Tensor) -> Waveform:
    """A chunk (1, audio_channels, T_i) to (T_i,), the mean of the channels."""
    wav: Waveform = chunk[0].mean(0).float().cpu().numpy()
    require_finite(wav, "what is decoded")
    return wav


class ScaledEncodecPipeline(EncodecPipeline):
    """Codes overlapping segments, each divided by its level, as the published 48 kHz model does.

    A recording is coded in both channels alike, and decoded to the mean of them. A second of it is a segment,
    so that each has the same number of frames but for the last.
    """

    def encode(self, wav: Waveform, rate: int, codebooks: int | None = None) -> Codes:
        """Is refused: codes alone do not say how loud their segments are.

        Raises:
            ConfigError: always.
        """
        raise ConfigError(
            "the codes of this model come in scaled segments", "use `encode_scaled`, or a 24 kHz model"
        )

    def decode(self, codes: Codes) -> Waveform:
        """Is refused, as `encode`.

        Raises:
            ConfigError: always.
        """
        raise ConfigError(
            "the codes of this model come in scaled segments", "use `decode_scaled`, or a 24 kHz model"
        )

    @torch.inference_mode()
    def encode_scaled(self, wav: Waveform, rate: int, codebooks: int | None = None) -> tuple[Codes, Waveform]:
        """Code a waveform (T,) of `rate` Hz.

        Returns:
            the codes of all segments one after the other (Q, N), and the level of each (S,).

        Raises:
            AudioError, ConfigError: as `EncodecPipeline.encode`.
        """
        segments = self.network.encode(self._batch(wav, rate, codebooks), codebooks)
        codes: Codes = torch.cat([segment.codes[0] for segment in segments], dim=1).cpu().numpy()
        ones = torch.ones(1, 1)
        scales = [
            (ones if segment.scale is None else segment.scale).reshape(()).cpu() for segment in segments
        ]
        levels: Waveform = torch.stack(scales).float().numpy()
        return codes, levels

    @torch.inference_mode()
    def decode_scaled(self, codes: Codes, scales: Waveform) -> Waveform:
        """Codes (Q, N) and levels (S,) → (T,) at `self.rate`.

        Raises:
            DataError: the codes are not this codec's, or are not of so many segments.
        """
        whole, frames = codes_of(codes, self, self.device), self._segment_frames
        parts = whole.split(whole.shape[2] if frames is None else frames, dim=2)
        if len(parts) != len(scales):
            raise DataError(f"{len(scales)} scales for {len(parts)} segments", "name the right model")
        levels = torch.from_numpy(np.asarray(scales, np.float32)).to(self.device)
        used = self.network.config.scale_input
        segments = (
            self.network.decode_segment(Segment(part, level.view(1, 1) if used else None))
            for part, level in zip(parts, levels, strict=True)
        )
        stride = self.network.segment_stride
        chunks = segments if stride is None else overlap_added(segments, stride)
        return np.concatenate([_mono(chunk) for chunk in chunks])

    @property
    def _segment_frames(self) -> int | None:
        """Of all segments but the last."""
        samples = self.network.segment_samples
        return None if samples is None else -(-samples // math.prod(self.network.config.strides))
