"""The loop that draws samples one by one; whole, in chunks, or folded into a batch."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from hiervox.modules.autoregressive.distributions import Distribution
from hiervox.modules.generators.vocoder import NOISE_LENGTH, VocoderGenerator

Conditions = tuple[Tensor, ...]
"""What the mel spectrogram contributes at each sample, (T, B, C) each."""


class Folding(NamedTuple):
    """How an utterance is cut into segments that are generated side by side.

    Attributes:
        samples: of a segment.
        overlap: of neighbouring segments, crossfaded; its first half warms the network up.
    """

    samples: int = 11_000
    overlap: int = 550


class FixedUniforms(torch.nn.Module):
    """Uniform numbers that are always the same at the same place.

    Args:
        channels: numbers to a place.
    """

    table: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        generator = torch.Generator("cpu").manual_seed(0)
        table = torch.rand(channels, NOISE_LENGTH, generator=generator, device="cpu")
        self.register_buffer("table", table, persistent=False)

    def forward(self, batch: int, samples: int) -> Tensor:
        """(B, channels, T)."""
        if self.training:
            return torch.rand(batch, len(self.table), samples, device=self.table.device)
        places = torch.arange(samples, device=self.table.device) % NOISE_LENGTH
        return self.table[:, places].expand(batch, -1, -1)


class AutoregressiveGenerator(VocoderGenerator):
    """Base of networks that draw a sample from the samples before it.

    Args:
        distribution: of a sample.

    Attributes:
        context_frames: of the mel spectrogram at either end that `teacher_forced` uses up.
    """

    context = None
    context_frames: int

    def __init__(self, distribution: Distribution) -> None:
        super().__init__()
        self.distribution = distribution
        self.uniforms = FixedUniforms(distribution.draws)

    @abstractmethod
    def teacher_forced(self, symbols: Tensor, mel: Tensor) -> Tensor:
        """Parameters of the sample behind each given one.

        Args:
            symbols: (B, hop_length * N).
            mel: (B, M, N), with the frames beside it that the network wants.

        Returns:
            (B, hop_length * N, parameters).
        """

    @abstractmethod
    def conditions(self, mel: Tensor) -> Conditions:
        """mel (B, M, N) → what it contributes at each sample; silence lies beyond its ends."""

    @abstractmethod
    def initial_state(self, batch: int) -> Any:
        """The state and the symbols (B,) before the first sample."""

    @abstractmethod
    def step(self, symbols: Tensor, conditions: tuple[Tensor, ...], state: Any) -> tuple[Tensor, Any]:
        """The last symbols (B,) and conditions (B, C) to parameters (B, parameters) and the next state."""

    def source_signal(self, mel: Tensor, f0: Tensor | None = None) -> Tensor:
        """Uniform numbers (B, draws, hop_length * N)."""
        uniforms: Tensor = self.uniforms(mel.shape[0], mel.shape[-1] * self.hop_length)
        return uniforms

    def forward(
        self, mel: Tensor, uniforms: Tensor | None = None, *, symbols: Tensor | None = None
    ) -> Tensor:
        """Generate, or, given the samples before, give the parameters of each (`teacher_forced`).

        Args:
            mel: (B, M, N).
            uniforms: (B, draws, T), T = hop_length * N.
            symbols: (B, T - 2 * context_frames * hop_length).

        Returns:
            (B, 1, T) in [-1, 1], or parameters.
        """
        if symbols is not None:
            return self.teacher_forced(symbols, mel)
        drawn = self.source_signal(mel) if uniforms is None else uniforms
        return torch.cat(list(self.stream(mel, drawn, mel.shape[-1])), dim=2)

    @torch.no_grad()
    def stream(self, mel: Tensor, uniforms: Tensor, frames: int) -> Iterator[Tensor]:
        """The same in chunks (B, 1, hop_length * frames), the last of which may be shorter."""
        conditions = self.conditions(mel)
        draws = uniforms.permute(2, 0, 1)
        state, symbols = self.initial_state(mel.shape[0])
        for first in range(0, len(draws), frames * self.hop_length):
            drawn = []
            for place in range(first, min(len(draws), first + frames * self.hop_length)):
                here = tuple(condition[place] for condition in conditions)
                parameters, state = self.step(symbols, here, state)
                symbols = self.distribution.sample(parameters, draws[place])
                drawn.append(symbols)
            yield self.distribution.decode(torch.stack(drawn, dim=1)).unsqueeze(1)

    @torch.no_grad()
    def folded(self, mel: Tensor, uniforms: Tensor, folding: Folding) -> Tensor:
        """One utterance in segments side by side: as many steps as a segment has samples.

        The result differs from that of `forward`, since each segment begins without a past.

        Args:
            mel: (1, M, N).
            uniforms: (1, draws, hop_length * N).
            folding: sizes of the segments.

        Returns:
            (1, 1, hop_length * N).
        """
        samples = uniforms.shape[2]
        conditions = tuple(fold(condition, folding) for condition in self.conditions(mel))
        draws = fold(uniforms.permute(2, 0, 1), folding)
        state, symbols = self.initial_state(draws.shape[1])
        drawn = []
        for place in range(len(draws)):
            here = tuple(condition[place] for condition in conditions)
            parameters, state = self.step(symbols, here, state)
            symbols = self.distribution.sample(parameters, draws[place])
            drawn.append(symbols)
        segments = self.distribution.decode(torch.stack(drawn, dim=1))
        return crossfade(segments, folding.overlap)[:samples].view(1, 1, -1)


def fold(x: Tensor, folding: Folding) -> Tensor:
    """(T, 1, C) → (samples + 2 * overlap, segments, C); the last segment is filled with zeros."""
    length, step = folding.samples + 2 * folding.overlap, folding.samples + folding.overlap
    segments = max(1, -(-(len(x) - folding.overlap) // step))
    padded = functional.pad(x[:, 0], (0, 0, 0, segments * step + folding.overlap - len(x)))
    return padded.unfold(0, length, step).permute(2, 0, 1)


def crossfade(segments: Tensor, overlap: int) -> Tensor:
    """Join segments (P, L) that overlap with equal power → (P * (L - overlap) + overlap,).

    The first half of an overlap is the earlier segment alone, and neither end of the whole is faded.
    """
    silent = overlap // 2
    time = torch.linspace(-1, 1, overlap - silent, device=segments.device)
    fade_in = functional.pad((0.5 * (1 + time)).sqrt(), (silent, 0))
    fade_out = functional.pad((0.5 * (1 - time)).sqrt(), (silent, 0), value=1.0)
    gains = torch.ones_like(segments)
    gains[1:, :overlap] = fade_in
    gains[:-1, segments.shape[1] - overlap :] = fade_out
    length = segments.shape[0] * (segments.shape[1] - overlap) + overlap
    columns = (gains * segments).mT.unsqueeze(0)
    step = segments.shape[1] - overlap
    return functional.fold(columns, (1, length), (1, segments.shape[1]), stride=(1, step)).view(-1)
