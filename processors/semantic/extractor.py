"""What every semantic feature extractor is to the rest of the project."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from hiervox.processors.audio import HOP_LENGTH
from hiervox.processors.semantic.config import SemanticConfig

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class SemanticExtractor(ABC):
    """A frozen network that turns a waveform into semantic vectors at 50 Hz.

    Attributes:
        config: which one it is.
        channels: width C of its vectors.
        device: where it runs.
    """

    def __init__(self, config: SemanticConfig, channels: int, device: torch.device) -> None:
        self.config = config
        self.channels = channels
        self.device = device

    def extract(self, wav: Tensor, gradients: bool = False) -> Tensor:
        """Semantic vectors.

        Rows are taken as they are: silence that only fills up a shorter recording changes its vectors.

        Args:
            wav: (B, T) at 16 kHz in [-1, 1]; T a multiple of 320.
            gradients: keep those with respect to `wav`; a loss needs them.

        Returns:
            (B, C, T / 320) float32 on `device`.

        Raises:
            ValueError: another shape.
        """
        import torch

        if wav.dim() != 2 or wav.shape[1] == 0 or wav.shape[1] % HOP_LENGTH:
            raise ValueError(f"wav is {tuple(wav.shape)}, not (B, T) with T a multiple of {HOP_LENGTH}")
        with torch.set_grad_enabled(gradients):
            return self._extract(wav.to(self.device, torch.float32))

    @abstractmethod
    def _extract(self, wav: Tensor) -> Tensor:
        """`extract` after its checks."""
