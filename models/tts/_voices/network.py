"""Where a network's speaker vector comes from."""

from __future__ import annotations

from torch import Tensor, nn

from hiervox.models.tts._voices.config import SpeakerSizes
from hiervox.modules.encoders.style import StyleEncoder, StyleEncoderSizes


class SpeakerNetwork(nn.Module):
    """Base of networks that speak in voices; it holds the speaker table or the encoder of references.

    Args:
        config: sizes.
    """

    def __init__(self, config: SpeakerSizes) -> None:
        super().__init__()
        self.speaker_sizes = config
        if config.voice == "table":
            self.speaker_table = nn.Embedding(len(config.speakers), config.style_channels)
        elif config.voice == "reference":
            self.reference_encoder = StyleEncoder(
                StyleEncoderSizes(hidden_channels=config.reference.hidden_channels),
                mel_channels=config.mel_channels,
                style_channels=config.style_channels,
            )

    def table_style(self, speakers: Tensor) -> Tensor:
        """Rows (B,) of the speaker table → speaker vectors (B, style_channels, 1)."""
        rows: Tensor = self.speaker_table(speakers)
        return rows.unsqueeze(-1)

    def reference_style(self, mel: Tensor, mask: Tensor) -> Tensor:
        """Log-mel (B, mel_channels, M) of references, mask (B, 1, M) → (B, style_channels, 1)."""
        style: Tensor = self.reference_encoder(mel, mask)
        return style

    def clip_style(self, speakers: Tensor, mel: Tensor, mask: Tensor) -> Tensor | None:
        """Speaker vectors (B, style_channels, 1) of training clips, None for one speaker.

        Args:
            speakers: rows (B,) of the speaker table, where there is one.
            mel: (B, mel_channels, N), which the encoder of references reads, where there is one.
            mask: (B, 1, N).
        """
        return self.style(speakers if self.speaker_sizes.voice == "table" else mel * mask, mask)

    def style(self, voice: Tensor | None, mask: Tensor) -> Tensor | None:
        """Speaker vectors (B, style_channels, 1), None for one speaker.

        Args:
            voice: by `config.voice` rows (B,) of the speaker table, log-mel (B, mel_channels, N) of the
                clips, or None.
            mask: (B, 1, N).
        """
        kind = self.speaker_sizes.voice
        if voice is None or kind == "none":
            return None
        return self.table_style(voice) if kind == "table" else self.reference_style(voice, mask)
