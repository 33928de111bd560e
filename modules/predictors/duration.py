"""The deterministic duration predictor (FastSpeech, arXiv 1905.09263, section 3.3, as VITS has it)."""

from __future__ import annotations

from torch import Tensor, nn

from hiervox.modules.predictors.variance import VariancePredictor

LEAST_DURATION = 1e-6  # added before the logarithm: the published VITS code


class DurationPredictor(VariancePredictor):
    """A variance predictor of log-durations, conditioned on a style.

    Args:
        in_channels: of the text's hidden sequence.
        filter_channels: inside.
        kernel_size: odd.
        dropout: after each layer.
        style_channels: of the style vector; 0 where there is none.
    """

    def __init__(
        self,
        in_channels: int,
        filter_channels: int,
        kernel_size: int,
        dropout: float,
        style_channels: int = 0,
    ) -> None:
        super().__init__(in_channels, filter_channels, kernel_size, dropout)
        if style_channels:
            self.style_projection = nn.Conv1d(style_channels, in_channels, 1)

    def log_durations(self, hidden: Tensor, mask: Tensor, style: Tensor | None = None) -> Tensor:
        """Log-frames of each token; no gradient flows back into `hidden` and `style`.

        Args:
            hidden: (B, in_channels, L).
            mask: (B, 1, L).
            style: (B, style_channels, 1), or None.

        Returns:
            (B, 1, L), masked.
        """
        x = hidden.detach()
        if style is not None:
            x = x + self.style_projection(style.detach())
        return self.predict(x, mask)

    def forward(self, hidden: Tensor, mask: Tensor, style: Tensor | None, durations: Tensor) -> Tensor:
        """Squared error of the log-durations, summed over each item's tokens: (B,); durations (B, 1, L)."""
        target = (durations + LEAST_DURATION).log() * mask
        return (self.log_durations(hidden, mask, style) - target).square().sum((1, 2))
