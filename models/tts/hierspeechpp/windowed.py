"""From the acoustic latent to the waveform in windows: the same samples in bounded memory, or one by one.

Source network and generator are convolutions and pointwise functions, so an output sample depends on what
lies within a known distance alone. A window that reaches this far beyond what is kept of it gives exactly
what one pass over the whole gives; at the ends of an utterance the windows end, too, so that their padding is
the utterance's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import torch
from torch import Tensor

from hiervox.models.tts.hierspeechpp.networks.spectral_generator import SpectralGenerator
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
FIRST_CHUNK, LARGEST_CHUNK = 40, 200
"""Samples of the backbone to the first chunk of a stream, and at most to the later ones; each is twice the
one before."""


class SplitGenerator(Protocol):
    """A generator in three parts; `SourceGenerator` says what each of them is."""

    backbone_rate: int
    waveform_rate: int
    backbone_context: int
    waveform_context: int

    def source_signal(self, features: Tensor, log_f0: Tensor) -> Tensor:
        """Of a whole utterance, what the source network gives → the source for `backbone`."""

    def backbone(self, z: Tensor, source: Tensor, style: Tensor) -> Tensor:
        """(B, C, N), (B, C', backbone_rate * N) and (B, S, 1) → (B, C'', backbone_rate * N)."""

    def waveform(self, x: Tensor) -> Tensor:
        """(B, C'', T) → (B, 1, waveform_rate * T)."""


class Source(Protocol):
    """What is used of `hiervox.models.tts.hierspeechpp.networks.source_network.SourceNetwork`."""

    context: int

    def __call__(self, z: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
        """(B, C, N) and (B, S, 1) → features and log(F0 + 1), at the generator's `backbone_rate`."""


class WindowedDecoder:
    """Source network and generator, in windows.

    Args:
        source, generator: in evaluation mode.
    """

    def __init__(self, source: Source, generator: SplitGenerator) -> None:
        self.source = source
        self.generator = generator

    def decode(
        self,
        latents: Sequence[Tensor],
        style: Tensor,
        log_f0: Sequence[Tensor] | None = None,
        floor: Tensor | None = None,
    ) -> list[Tensor]:
        """Latents of any lengths to waveforms, each as if it were alone.

        Args:
            latents: (C, N_i) each.
            style: (B, S, 1), one for each.
            log_f0: (1, backbone_rate * N_i) each, of what drives the generator; the source network's where
                None.
            floor: (B, bins, 1), one for each, for a `SpectralGenerator`.

        Returns:
            (1, backbone_rate * waveform_rate * N_i) each.
        """
        on_cpu = style.device.type == "cpu"
        generator, passes = self.generator, CPU_PASSES if on_cpu else GPU_PASSES
        sources = self._sources(latents, style, log_f0)
        plan = [
            window
            for item, latent in enumerate(latents)
            for window in window_plan(latent.shape[-1], BACKBONE_WINDOW, generator.backbone_context, item)
        ]
        backbones = run_windows(
            lambda windows: self._backbone(latents, sources, style, floor, windows),
            plan,
            generator.backbone_rate,
            passes,
        )
        plan = [
            window
            for item, backbone in enumerate(backbones)
            for window in window_plan(backbone.shape[-1], WINDOW, generator.waveform_context, item)
        ]
        return run_windows(
            lambda windows: generator.waveform(cut(backbones, windows)), plan, generator.waveform_rate, passes
        )

    def stream(
        self, z: Tensor, style: Tensor, log_f0: Tensor | None = None, floor: Tensor | None = None
    ) -> Iterator[Tensor]:
        """The waveform of one utterance, from its beginning, in growing chunks.

        Args:
            z: (1, C, N).
            style: (1, S, 1).
            log_f0: (1, 1, backbone_rate * N); as for `decode`.
            floor: (1, bins, 1); as for `decode`.

        Returns:
            (1, 1, T_i) each; together (1, 1, backbone_rate * waveform_rate * N).
        """
        generator = self.generator
        receptive_field, length = generator.waveform_context, generator.backbone_rate * z.shape[-1]
        backbones = self._stream_backbone(z, style, log_f0, floor)
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

    def _sources(
        self, latents: Sequence[Tensor], style: Tensor, log_f0: Sequence[Tensor] | None
    ) -> list[Tensor]:
        """Of each utterance what drives the generator (C', backbone_rate * N_i).

        Its windows never share a pass: phases may run on through an utterance and add up the last bits of
        F0, and those depend on the batch.
        """

        def features_and_pitch(windows: Sequence[Window]) -> Tensor:
            items = [window.item for window in windows]
            return torch.cat(self.source(cut(latents, windows), style[items]), dim=1)

        plan = [
            window
            for item, latent in enumerate(latents)
            for window in window_plan(latent.shape[-1], BACKBONE_WINDOW, self.source.context, item)
        ]
        joined = run_windows(features_and_pitch, plan, self.generator.backbone_rate, passes=1)
        pitches = [one[-1:] for one in joined] if log_f0 is None else log_f0
        return [
            self.generator.source_signal(one[None, :-1], pitch[None])[0]
            for one, pitch in zip(joined, pitches, strict=True)
        ]

    def _backbone(
        self,
        latents: Sequence[Tensor],
        sources: Sequence[Tensor],
        style: Tensor,
        floor: Tensor | None,
        windows: Sequence[Window],
    ) -> Tensor:
        source = cut(sources, windows, self.generator.backbone_rate)
        items = [window.item for window in windows]
        if floor is None:
            return self.generator.backbone(cut(latents, windows), source, style[items])
        assert isinstance(self.generator, SpectralGenerator)
        return self.generator.backbone(cut(latents, windows), source, style[items], floor[items])

    def _stream_backbone(
        self, z: Tensor, style: Tensor, log_f0: Tensor | None, floor: Tensor | None
    ) -> Iterator[Tensor]:
        rate = self.generator.backbone_rate
        sources = self._sources([z[0]], style, None if log_f0 is None else [log_f0[0]])
        for window in window_plan(z.shape[-1], STREAM_BACKBONE_WINDOW, self.generator.backbone_context):
            backbone = self._backbone([z[0]], sources, style, floor, [window])
            yield backbone[..., rate * (window.start - window.first) : rate * (window.stop - window.first)]
