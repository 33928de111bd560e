"""The deterministic duration predictor (FastSpeech, arXiv 1905.09263, section 3.3, as VITS has it)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hiervox.modules.predictors.variance import VariancePredictor, VariancePredictorSizes

LEAST_DURATION = 1e-6  # added before the logarithm: the published VITS code


class DurationPredictor(VariancePredictor):
    """A variance predictor of log-durations, conditioned on a style.

    Args:
        in_channels: of the text's hidden sequence.
        sizes: see `VariancePredictorSizes`.
        style_channels: of the style vector; 0 where there is none.
        concatenate_style: whether the style vector stands beside the hidden sequence and learns from the
            durations (Glow-TTS), or is projected, added, and does not (VITS).
        norm_eps: of the layer norms.
    """

    def __init__(
        self,
        in_channels: int,
        sizes: VariancePredictorSizes,
        *,
        style_channels: int = 0,
        concatenate_style: bool = False,
        norm_eps: float = 1e-5,
    ) -> None:
        beside = style_channels if concatenate_style else 0
        super().__init__(in_channels + beside, sizes, norm_eps=norm_eps)
        self.concatenate_style = concatenate_style
        if style_channels and not concatenate_style:
            self.style_projection = nn.Conv1d(style_channels, in_channels, 1)

    def log_durations(self, hidden: Tensor, mask: Tensor, style: Tensor | None = None) -> Tensor:
        """Log-frames of each token; no gradient flows back into `hidden`, nor into a `style` that is added.

        Args:
            hidden: (B, in_channels, L).
            mask: (B, 1, L).
            style: (B, style_channels, 1), or None.

        Returns:
            (B, 1, L), masked.
        """
        x = hidden.detach()
        if style is not None and self.concatenate_style:
            x = torch.cat([x, style.expand(-1, -1, x.shape[2])], dim=1)
        elif style is not None:
            x = x + self.style_projection(style.detach())
        return self.predict(x, mask)

    def forward(self, hidden: Tensor, mask: Tensor, style: Tensor | None, durations: Tensor) -> Tensor:
        """Squared error of the log-durations, summed over each item's tokens: (B,); durations (B, 1, L)."""
        target = (durations + LEAST_DURATION).log() * mask
        return (self.log_durations(hidden, mask, style) - target).square().sum((1, 2))
