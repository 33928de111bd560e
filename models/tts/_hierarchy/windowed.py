"""From the acoustic latent to the waveform in windows: the same samples in bounded memory, or one by one.

Source network and generator are convolutions and pointwise functions, so an output sample depends on what
lies within a known distance alone. A window that reaches this far beyond what is kept of it gives exactly
what one pass over the whole gives; at the ends of an utterance the windows end, too, so that their padding is
the utterance's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from hiervox.modules.functional.windows import Window, cut, run_windows, window_plan

BACKBONE_WINDOW = 400
"""Frames that a pass of the source network or the backbone keeps: 8 s, which most sentences are under."""
STREAM_BACKBONE_WINDOW = 100
"""The same of the backbone alone in a stream, where the first chunk waits for it."""
WINDOW = 800
"""Samples of the backbone (200 a second) that a pass of the upper part keeps; what it sees beyond that is
computed twice."""
CPU_PASSES, GPU_PASSES = 1, 16
"""Windows to one pass."""
RECORDED_FRAMES, RECORDED_SAMPLES = 64, 200
"""Likewise where passes are recorded: so short that most sentences take windows of one shape."""
FIRST_CHUNK, LARGEST_CHUNK = 40, 200
"""Samples of the backbone to the first chunk of a stream, and at most to the later ones; each is twice the
one before."""


@dataclass(frozen=True)
class WindowSizes:
    """What passes keep of a sequence.

    Attributes:
        frames: of the source network and the backbone.
        samples: of the backbone, by the upper part.
        filled: see `run_windows`.
    """

    frames: int
    samples: int
    filled: bool = False


RECORDED = WindowSizes(RECORDED_FRAMES, RECORDED_SAMPLES, filled=True)


class SplitGenerator(Protocol):
    """A generator in two halves; `SourceGenerator` says what each of them is."""

    backbone_rate: int
    waveform_rate: int
    backbone_context: int
    waveform_context: int

    def __call__(self, z: Tensor, source: Tensor, style: Tensor) -> Tensor:
        """`waveform` of `backbone`."""

    def backbone(self, z: Tensor, source: Tensor, style: Tensor) -> Tensor:
        """(B, C, N), (B, C', backbone_rate * N) and (B, S, 1) → (B, C'', backbone_rate * N)."""

    def waveform(self, x: Tensor) -> Tensor:
        """(B, C'', T) → (B, 1, waveform_rate * T)."""


class Source(Protocol):
    """What is used of `hiervox.models.tts._hierarchy.networks.source_network.SourceNetwork`."""

    context: int

    def __call__(self, z: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
        """(B, C, N) and (B, S, 1) → features and log(F0 + 1), at the generator's `backbone_rate`."""


class WindowedDecoder:
    """Source network and generator, in windows.

    A generator that takes more than the source features has a decoder of its own, which overrides `sources`
    and `backbone`.

    Args:
        source, generator: in evaluation mode.
        sizes: of the windows; None for those that suit passes of any shape.
    """

    def __init__(self, source: Source, generator: SplitGenerator, sizes: WindowSizes | None = None) -> None:
        self.source = source
        self.generator = generator
        self.sizes = sizes or WindowSizes(BACKBONE_WINDOW, WINDOW)

    def padded(self, z: Tensor, style: Tensor, lengths: Sequence[int]) -> Tensor:
        """`decode` of latents (B, C, N) that are padded beyond their lengths; zero there."""
        latents = [latent[:, :length] for latent, length in zip(z, lengths, strict=True)]
        wavs = self.decode(latents, style)
        hop = self.generator.backbone_rate * self.generator.waveform_rate
        padded = wavs[0].new_zeros(len(wavs), 1, hop * z.shape[-1])
        for row, wav in zip(padded, wavs, strict=True):
            row[:, : wav.shape[-1]] = wav
        return padded

    def decode(self, latents: Sequence[Tensor], style: Tensor) -> list[Tensor]:
        """Latents of any lengths to waveforms, each as if it were alone.

        Args:
            latents: (C, N_i) each.
            style: (B, S, 1), one for each.

        Returns:
            (1, backbone_rate * waveform_rate * N_i) each.
        """
        generator, passes = self.generator, CPU_PASSES if style.device.type == "cpu" else GPU_PASSES
        sources = self.sources(latents, style)
        plan = [
            window
            for item, latent in enumerate(latents)
            for window in window_plan(latent.shape[-1], self.sizes.frames, generator.backbone_context, item)
        ]
        backbones = run_windows(
            lambda windows: self.backbone(latents, sources, style, windows),
            plan,
            generator.backbone_rate,
            passes,
            self.sizes.filled,
        )
        plan = [
            window
            for item, backbone in enumerate(backbones)
            for window in window_plan(
                backbone.shape[-1], self.sizes.samples, generator.waveform_context, item
            )
        ]
        return run_windows(
            lambda windows: generator.waveform(cut(backbones, windows)),
            plan,
            generator.waveform_rate,
            passes,
            self.sizes.filled,
        )

    def stream(self, z: Tensor, style: Tensor) -> Iterator[Tensor]:
        """The waveform of one utterance, from its beginning, in growing chunks.

        Args:
            z: (1, C, N).
            style: (1, S, 1).

        Returns:
            (1, 1, T_i) each; together (1, 1, backbone_rate * waveform_rate * N).
        """
        generator = self.generator
        receptive_field, length = generator.waveform_context, generator.backbone_rate * z.shape[-1]
        backbones = self._stream_backbone(z, style)
        x, first = next(backbones), 0  # a segment of the backbone, and where it begins
        start, size = 0, FIRST_CHUNK
        while start < length:
            stop = min(start + size, length)
            while first + x.shape[-1] < min(stop + receptive_field, length):
                x = torch.cat([x, next(backbones)], dim=-1)
            seen = max(first, start - receptive_field)
            x, first = x[..., seen - first :], seen
            wav = generator.waveform(x[..., : stop + receptive_field - first])
            yield wav[
                ..., generator.waveform_rate * (start - first) : generator.waveform_rate * (stop - first)
            ]
            start, size = stop, min(2 * size, LARGEST_CHUNK)

    def sources(self, latents: Sequence[Tensor], style: Tensor) -> list[Tensor]:
        """Of each utterance what the generator takes beside its latent (C', backbone_rate * N_i)."""
        return [outputs[:-1] for outputs in self.source_outputs(latents, style)]

    def source_outputs(self, latents: Sequence[Tensor], style: Tensor) -> list[Tensor]:
        """Features of the source network and, as the last channel, log-F0 (C' + 1, backbone_rate * N_i).

        Their windows never share a pass: the last bits of F0 would depend on the batch.
        """

        def features_and_pitch(windows: Sequence[Window]) -> Tensor:
            items = [window.item for window in windows]
            return torch.cat(self.source(cut(latents, windows), style[items]), dim=1)

        plan = [
            window
            for item, latent in enumerate(latents)
            for window in window_plan(latent.shape[-1], self.sizes.frames, self.source.context, item)
        ]
        return run_windows(features_and_pitch, plan, self.generator.backbone_rate, passes=1)

    def backbone(
        self, latents: Sequence[Tensor], sources: Sequence[Tensor], style: Tensor, windows: Sequence[Window]
    ) -> Tensor:
        """The generator's backbone in windows (windows, C'', backbone_rate * T)."""
        source = cut(sources, windows, self.generator.backbone_rate)
        items = [window.item for window in windows]
        return self.generator.backbone(cut(latents, windows), source, style[items])

    def _stream_backbone(self, z: Tensor, style: Tensor) -> Iterator[Tensor]:
        rate, sources = self.generator.backbone_rate, self.sources([z[0]], style)
        for window in window_plan(z.shape[-1], STREAM_BACKBONE_WINDOW, self.generator.backbone_context):
            backbone = self.backbone([z[0]], sources, style, [window])
            yield backbone[..., rate * (window.start - window.first) : rate * (window.stop - window.first)]
