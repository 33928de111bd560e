"""Style encoder: an utterance's voice as one vector (Meta-StyleSpeech, arXiv 2106.03153, section 3.1)."""

from __future__ import annotations

from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn import functional

from hiervox.modules.attention.multi_head import MultiHeadAttention
from hiervox.utils.schema import Sizes


class GatedConvolution(nn.Module):
    """Convolution with a gated linear unit and a residual connection."""

    def __init__(self, channels: int, kernel_size: int, dropout: float) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(channels, 2 * channels, kernel_size, padding=kernel_size // 2)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, T) → (B, channels, T)."""
        return x + self.dropout(functional.glu(self.convolution(x), dim=1))


class StyleEncoderSizes(Sizes):
    """Sizes of `StyleEncoder`.

    Attributes:
        hidden_channels: inside, a multiple of `n_heads`.
        n_heads: of the self-attention.
        kernel_size: of the two gated convolutions, odd.
        dropout: everywhere.
    """

    hidden_channels: PositiveInt = 256
    n_heads: PositiveInt = 2
    kernel_size: PositiveInt = 5
    dropout: float = Field(0.1, ge=0, lt=1)


class StyleEncoder(nn.Module):
    """Mel spectrogram of a prompt → style vector.

    Args:
        sizes: see `StyleEncoderSizes`.
        mel_channels: mel bins.
        style_channels: of the style vector.
    """

    def __init__(self, sizes: StyleEncoderSizes, *, mel_channels: int, style_channels: int) -> None:
        super().__init__()
        hidden_channels, dropout = sizes.hidden_channels, sizes.dropout
        self.spectral = nn.Sequential(
            nn.Conv1d(mel_channels, hidden_channels, 1),
            nn.Mish(),
            nn.Dropout(dropout),
            nn.Conv1d(hidden_channels, hidden_channels, 1),
            nn.Mish(),
            nn.Dropout(dropout),
        )
        self.temporal = nn.ModuleList(
            GatedConvolution(hidden_channels, sizes.kernel_size, dropout) for _ in range(2)
        )
        self.attention = MultiHeadAttention(hidden_channels, sizes.n_heads, dropout, proximal_init=True)
        self.attention_dropout = nn.Dropout(dropout)
        self.projection = nn.Conv1d(hidden_channels, style_channels, 1)

    def forward(self, mel: Tensor, mask: Tensor) -> Tensor:
        """Encode prompts of any lengths.

        Padding is masked after every layer that looks around and again before the mean; the published code
        does neither, so that a padded prompt's vector there depends on its padding. Unpadded ones agree.

        Args:
            mel: (B, mel_channels, T), log-mel.
            mask: (B, 1, T), with at least one frame in each prompt.

        Returns:
            (B, style_channels, 1).
        """
        x = self.spectral(mel) * mask
        for convolution in self.temporal:
            x = convolution(x) * mask
        x = x + self.attention_dropout(self.attention(x, x, mask))
        x = self.projection(x) * mask
        return x.sum(dim=2, keepdim=True) / mask.sum(dim=2, keepdim=True)
