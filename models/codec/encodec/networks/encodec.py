"""EnCodec: a waveform to discrete codes and back (arXiv 2210.13438)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from hiervox.models.codec.encodec.config import EncodecConfig, FourierDecoderSizes
from hiervox.models.codec.encodec.networks.decoder import SEANetDecoder
from hiervox.models.codec.encodec.networks.encoder import SEANetEncoder
from hiervox.models.codec.encodec.networks.residual_vector import Quantized, ResidualVectorQuantizer
from hiervox.modules.generators.vocos import Vocos

LEAST_SCALE = 1e-8  # published: keeps silence finite


class Segment(NamedTuple):
    """A coded segment.

    Attributes:
        codes: (B, Q, N).
        scale: (B, 1), the root mean square that the segment was divided by; None where it was not.
    """

    codes: Tensor
    scale: Tensor | None


class Encodec(nn.Module):
    """Encoder, residual vector quantizer and decoder.

    Args:
        config: sizes.
    """

    def __init__(self, config: EncodecConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder, self.decoder = SEANetEncoder(config), _decoder(config)
        self.quantizer = ResidualVectorQuantizer(config.quantizer)

    @property
    def segment_samples(self) -> int | None:
        """Samples of a segment; None where the whole is one."""
        seconds = self.config.segment_seconds
        return None if seconds is None else int(seconds * self.config.sample_rate)

    @property
    def segment_stride(self) -> int | None:
        """Samples from the start of one segment to that of the next."""
        samples = self.segment_samples
        return None if samples is None else max(1, int((1 - self.config.overlap) * samples))

    def forward(self, wav: Tensor, n_codebooks: int | None = None) -> tuple[Tensor, Quantized]:
        """Code and decode in one pass, without segments, as in training.

        Args:
            wav: (B, audio_channels, T).
            n_codebooks: the first so many codebooks; all by default.

        Returns:
            the decoded waveform (B, audio_channels, T), and what the quantizer made.
        """
        scaled, scale = self._scaled(wav)
        quantized = self.quantizer(self.encoder(scaled), n_codebooks)
        decoded = self.decoder(quantized.embeddings)[..., : wav.shape[-1]]
        return decoded if scale is None else decoded * scale.unsqueeze(-1), quantized

    @torch.no_grad()
    def encode(self, wav: Tensor, n_codebooks: int | None = None) -> list[Segment]:
        """(B, audio_channels, T) → its segments, each coded on its own."""
        length, stride = self.segment_samples, self.segment_stride
        if length is None or stride is None:
            return [self._encode_segment(wav, n_codebooks)]
        starts = range(0, wav.shape[-1], stride)
        return [self._encode_segment(wav[..., start : start + length], n_codebooks) for start in starts]

    def _encode_segment(self, wav: Tensor, n_codebooks: int | None) -> Segment:
        scaled, scale = self._scaled(wav)
        return Segment(self.quantizer.encode(self.encoder(scaled), n_codebooks), scale)

    def _scaled(self, wav: Tensor) -> tuple[Tensor, Tensor | None]:
        if not self.config.scale_input:
            return wav, None
        scale = wav.mean(1, keepdim=True).square().mean(2, keepdim=True).sqrt() + LEAST_SCALE
        return wav / scale, scale.squeeze(-1)

    @torch.no_grad()
    def decode(self, segments: Sequence[Segment]) -> Tensor:
        """Segments → (B, audio_channels, T'), at most a hop less one sample longer than what was coded."""
        decoded = [self.decode_segment(segment) for segment in segments]
        stride = self.segment_stride
        return decoded[0] if stride is None else overlap_add(decoded, stride)

    @torch.no_grad()
    def decode_segment(self, segment: Segment) -> Tensor:
        """One segment → (B, audio_channels, T)."""
        wav: Tensor = self.decoder(self.quantizer.decode(segment.codes))
        return wav if segment.scale is None else wav * segment.scale.unsqueeze(-1)


def _decoder(config: EncodecConfig) -> SEANetDecoder | Vocos:
    sizes = config.decoder
    return Vocos(sizes) if isinstance(sizes, FourierDecoderSizes) else SEANetDecoder(config)


def overlap_add(segments: Sequence[Tensor], stride: int) -> Tensor:
    """Join overlapping segments (..., T), each weighted by a triangle over its length.

    Args:
        segments: of one length but for the last, which may be shorter.
        stride: samples from one to the next.
    """
    return torch.cat(list(overlap_added(segments, stride)), dim=-1)


def overlap_added(segments: Iterable[Tensor], stride: int) -> Iterator[Tensor]:
    """`overlap_add` in chunks (..., T_i): what is sure behind each segment, then the rest."""
    total = weights = triangle = None
    for segment in segments:
        if total is None or weights is None or triangle is None:
            time = torch.linspace(0, 1, segment.shape[-1] + 2, device=segment.device)[1:-1]
            triangle = 0.5 - (time - 0.5).abs()
            total, weights = segment.new_zeros(*segment.shape[:-1], 0), segment.new_zeros(0)
        else:
            yield total[..., :stride] / weights[:stride]
            total, weights = total[..., stride:], weights[stride:]
        window = triangle[: segment.shape[-1]]
        missing = max(0, segment.shape[-1] - total.shape[-1])
        total, weights = functional.pad(total, (0, missing)), functional.pad(weights, (0, missing))
        total[..., : segment.shape[-1]] += window * segment
        weights[: segment.shape[-1]] += window
    if total is not None and weights is not None:
        yield total / weights
