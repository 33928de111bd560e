"""Content and loudness at the frames of a spectrogram."""

from __future__ import annotations

import torch
from torch import Tensor

from hiervox.models.svc._singing.network import SingingSizes
from hiervox.processors.audio import FRAME_RATE
from hiervox.utils.errors import ConfigError


def content_at_frames(content: Tensor, frames: int, frame_rate: float, first: int = 0) -> Tensor:
    """Content vectors (B, C, rows), 50 a second, at N frames of a spectrogram, (B, C, N).

    Between two rows, vectors are interpolated; the last one stays to the end.

    Args:
        content: of the clip.
        frames: N.
        frame_rate: frames a second.
        first: number of the first frame.
    """
    places = torch.arange(first, first + frames, device=content.device) * (FRAME_RATE / frame_rate)
    places = places.clamp(max=content.shape[2] - 1)
    below = places.long()
    above = (below + 1).clamp(max=content.shape[2] - 1)
    share = (places - below).to(content.dtype)
    return torch.lerp(content[..., below], content[..., above], share)


def energy_of(mel: Tensor) -> Tensor:
    """Norms (B, N) of the frames of a log-mel spectrogram (B, M, N) before its logarithm."""
    return mel.float().exp().norm(dim=1)


def require_widths(given: int, sizes: SingingSizes) -> None:
    """Refuse content vectors that are not as wide as a network's.

    Raises:
        ConfigError: naming both widths.
    """
    wanted = sum(sizes.condition.content_channels)
    if given != wanted:
        raise ConfigError(
            f"the content vectors have {given} channels, but model.condition.content_channels has {wanted}",
            "set it to the widths of features.content",
        )
