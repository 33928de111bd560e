"""What DDDM-VC and Diff-HierVC build of: encoders to priors, and a prompt's style."""

from __future__ import annotations

from pydantic import PositiveInt
from torch import Tensor, nn

from hiervox.modules.convolutions.wavenet import WaveNet, WaveNetSizes
from hiervox.modules.diffusion.mean_reverting import NoiseRates
from hiervox.modules.diffusion.score_unet import ScoreUNetSizes
from hiervox.modules.encoders.style import StyleEncoder, StyleEncoderSizes
from hiervox.utils.schema import Sizes

F0_PER_FRAME = 4
"""Values of F0, 200 a second, to a mel frame, 50 a second."""


class PriorEncoderSizes(WaveNetSizes):
    """Of the WaveNets that predict priors."""

    hidden_channels: PositiveInt = 128
    n_layers: PositiveInt = 8


class MelDiffusionSizes(Sizes):
    """What both systems have.

    Attributes:
        semantic_channels: of the content vectors.
        mel_channels: mel bins, a multiple of `unet.multiple`.
        style_channels: of the style vector.
        style: of the style encoder.
        prior: of the encoders that predict priors.
        unet: of a score network.
        rates: of the noise.
    """

    semantic_channels: PositiveInt = 1024
    mel_channels: PositiveInt = 80
    style_channels: PositiveInt = 256
    style: StyleEncoderSizes = StyleEncoderSizes()
    prior: PriorEncoderSizes = PriorEncoderSizes()
    unet: ScoreUNetSizes = ScoreUNetSizes()
    rates: NoiseRates = NoiseRates()

    def require_multiple(self) -> None:
        """Refuse spectrograms that the U-Net can't halve.

        Raises:
            ValueError: such a number of bins.
        """
        if self.mel_channels % self.unet.multiple:
            raise ValueError(
                f"mel_channels must be a multiple of {self.unet.multiple}, for the U-Net's levels"
            )


class PriorEncoder(nn.Module):
    """A WaveNet in a voice's style between two point-wise convolutions.

    Args:
        sizes: of the WaveNet.
        outputs: channels of the result.
        style_channels: of the style vector.
    """

    def __init__(self, sizes: WaveNetSizes, *, outputs: int, style_channels: int) -> None:
        super().__init__()
        channels = sizes.hidden_channels
        self.input = nn.Conv1d(channels, channels, 1)
        self.stack = WaveNet(sizes, condition_channels=style_channels)
        self.projection = nn.Conv1d(channels, outputs, 1)

    def forward(self, x: Tensor, mask: Tensor, style: Tensor) -> Tensor:
        """(B, hidden_channels, N), mask (B, 1, N), style (B, style_channels, 1) → (B, outputs, N), masked."""
        hidden = self.input(x * mask) * mask
        projected: Tensor = self.projection(self.stack(hidden, mask, style)) * mask
        return projected


class StyledNetwork(nn.Module):
    """Base of networks that convert to the voice of a prompt.

    Args:
        sizes: see `MelDiffusionSizes`.
    """

    def __init__(self, sizes: MelDiffusionSizes) -> None:
        super().__init__()
        self.style_encoder = StyleEncoder(
            sizes.style, mel_channels=sizes.mel_channels, style_channels=sizes.style_channels
        )

    def style(self, mel: Tensor, mask: Tensor) -> Tensor:
        """Log-mel (B, mel_channels, N) of prompts, mask (B, 1, N) → style vectors (B, style_channels, 1)."""
        style: Tensor = self.style_encoder(mel, mask)
        return style
