"""EnCodec by windows: what one pass gives, in memory that grows with the waveform alone.

A network that looks back only is exact in windows: convolutions see the frames before a window that they
depend on, and the LSTM goes on from its state. Where it also looks ahead, or normalizes over time, segments
are what bounds it; without them the whole is one pass.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from hiervox.models.codec.encodec.networks.decoder import SEANetDecoder
from hiervox.models.codec.encodec.networks.encodec import Encodec, Segment
from hiervox.models.codec.encodec.networks.encoder import SEANetEncoder
from hiervox.modules.generators.vocos import Vocos
from hiervox.modules.recurrent.residual_lstm import State

WINDOW_FRAMES = 750
"""Of a pass; 10 s at 75 Hz."""


def can_be_windowed(network: Encodec) -> bool:
    """Whether windows give what one pass over the whole does."""
    config = network.config
    return config.causal and config.normalization == "weight" and not config.scale_input


def encode_windows(
    network: Encodec, wav: Tensor, n_codebooks: int | None = None, frames: int = WINDOW_FRAMES
) -> Tensor:
    """`Encodec.encode` of a network that `can_be_windowed`: (B, audio_channels, T) → codes (B, Q, N)."""
    encoder = network.encoder
    return torch.cat(
        [network.quantizer.encode(part, n_codebooks) for part in _embeddings(encoder, wav, frames)], dim=2
    )


def _embeddings(encoder: SEANetEncoder, wav: Tensor, frames: int) -> Iterator[Tensor]:
    """(B, dimension, n) of each window."""
    hop, state, edge = math.prod(encoder.strides), None, encoder.output.padding
    before: Tensor | None = None  # the frames that the last convolution still looks at
    for start in range(0, -(-wav.shape[-1] // hop), frames):
        low = max(0, start - encoder.context)
        x = encoder.downsampled(wav[..., low * hop : (start + frames) * hop])[..., start - low :]
        x, state = encoder.recurrent.continued(x, state)
        seen = x if before is None else torch.cat([before, x], dim=2)
        yield encoder.output(F.elu(seen))[..., seen.shape[-1] - x.shape[-1] :]
        before = seen[..., -edge:]


def decode_windows(network: Encodec, codes: Tensor, frames: int = WINDOW_FRAMES) -> Iterator[Tensor]:
    """`Encodec.decode` of codes (B, Q, N) without segments, in chunks (B, audio_channels, T_i)."""
    if isinstance(network.decoder, Vocos):
        yield from _by_vocos(network, network.decoder, codes, frames)
    elif can_be_windowed(network):
        yield from _by_seanet(network, network.decoder, codes, frames)
    else:
        yield network.decode([Segment(codes, None)])


def _by_seanet(network: Encodec, decoder: SEANetDecoder, codes: Tensor, frames: int) -> Iterator[Tensor]:
    hop, edge, context = math.prod(decoder.strides), decoder.input.padding, decoder.context
    state: State | None = None
    before = codes.new_zeros(0)
    for start in range(0, codes.shape[-1], frames):
        low = max(0, start - edge)
        embeddings = network.quantizer.decode(codes[..., low : start + frames])
        x, state = decoder.recurrent.continued(decoder.input(embeddings)[..., start - low :], state)
        seen = x if start == 0 else torch.cat([before, x], dim=2)
        yield decoder.upsampled(seen)[..., (seen.shape[-1] - x.shape[-1]) * hop :]
        before = seen[..., -context:]


def _by_vocos(network: Encodec, decoder: Vocos, codes: Tensor, frames: int) -> Iterator[Tensor]:
    hop, total = decoder.hop_length, codes.shape[-1]
    for start in range(0, total, frames):
        low, high = max(0, start - decoder.context), min(total, start + frames + decoder.context)
        wav = decoder(network.quantizer.decode(codes[..., low:high]))
        end = None if start + frames >= total else (start + frames - low) * hop
        yield wav[..., (start - low) * hop : end]
