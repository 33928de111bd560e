"""Inputs of the passes that `hiervox benchmark` times, the same for published code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from hiervox.models.base.benchmark.workload import Size
from hiervox.models.vc._diffusion.network import F0_PER_FRAME

FRAME_RATE, FRAME_MULTIPLE, PROMPT_FRAMES = 50, 4, 150
"""Frames a second, what the published code pads to, and frames of a prompt."""
SEMANTIC_CHANNELS, MEL_CHANNELS = 1024, 80
STEPS = 6
PACKAGES = ("einops", "torchaudio")


@dataclass(frozen=True)
class ConversionInputs:
    """Of one conversion.

    Attributes:
        semantic: (B, 1024, N).
        mel: (B, 80, N), of the source.
        prompt: (B, 80, PROMPT_FRAMES).
        log_f0, normalised_f0: (B, 1, 4 N).
    """

    semantic: Tensor
    mel: Tensor
    prompt: Tensor
    log_f0: Tensor
    normalised_f0: Tensor

    @classmethod
    def of(cls, size: Size) -> ConversionInputs:
        """Random ones of a size."""
        generator = torch.Generator().manual_seed(size.seed)
        frames = round(size.seconds * FRAME_RATE / FRAME_MULTIPLE) * FRAME_MULTIPLE

        def drawn(channels: int, length: int) -> Tensor:
            return torch.randn(size.batch, channels, length, generator=generator).to(size.device)

        return cls(
            semantic=drawn(SEMANTIC_CHANNELS, frames),
            mel=drawn(MEL_CHANNELS, frames),
            prompt=drawn(MEL_CHANNELS, PROMPT_FRAMES),
            log_f0=5 + 0.1 * drawn(1, F0_PER_FRAME * frames),
            normalised_f0=drawn(1, F0_PER_FRAME * frames),
        )

    def length(self, mel: Tensor) -> Tensor:
        """(B,) frames of a spectrogram, all of it."""
        return torch.full((len(mel),), mel.shape[2], device=mel.device)


def drawn_like(like: Tensor) -> Iterator[Tensor]:
    """Noise in the order in which the published code draws it."""
    while True:
        yield torch.randn_like(like)
