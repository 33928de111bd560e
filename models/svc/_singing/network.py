"""Networks from a song and a singer to a spectrogram or to sound."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from pydantic import PositiveInt, model_validator
from torch import Tensor, nn

from hiervox.models.svc._singing.condition import ConditionEncoder, ConditionSizes, Song
from hiervox.models.tts._voices.config import SpeakerSizes
from hiervox.models.tts._voices.network import SpeakerNetwork
from hiervox.modules.transformers.relative import RelativeTransformer, TransformerSizes

NORM_EPS = 1e-4
"""Of the layer norms in the published code of all but VitsSVC."""
LOWEST_MEL, HIGHEST_MEL = -11.6, 2.5
"""The logarithms of 1e-5, which is silence, and of what is louder than any singing at full scale."""

Noise = Callable[[int], Tensor]
"""Number of a draw → standard normal noise (B, M, N), the same whenever it is asked."""


class SingingSizes(SpeakerSizes):
    """What all have.

    Attributes:
        voice: where a singer's vector comes from; unlike elsewhere, by default from a recording.
        style_channels: of a singer's vector, which is added to the condition.
        mel_channels: mel bins.
        condition: of the condition encoder.
    """

    voice: Literal["none", "table", "reference"] = "reference"
    style_channels: PositiveInt = 384
    mel_channels: PositiveInt = 100
    condition: ConditionSizes = ConditionSizes()

    @property
    def singer_parts(self) -> dict[str, int]:
        """What a singer's vector consists of: the setting of a part's width, and that width."""
        return {"condition.hidden_channels": self.condition.hidden_channels}

    @model_validator(mode="after")
    def _widths_agree(self) -> SingingSizes:
        wanted = sum(self.singer_parts.values())
        if self.style_channels != wanted:
            raise ValueError(f"style_channels must be {' + '.join(self.singer_parts)}, {wanted}")
        return self


class SpectrogramSizes(SingingSizes):
    """What those have whose result is a spectrogram.

    Attributes:
        lowest_mel, highest_mel: what becomes -1 and 1 for the network, until other bounds are loaded.
    """

    lowest_mel: float = LOWEST_MEL
    highest_mel: float = HIGHEST_MEL

    @model_validator(mode="after")
    def _bounds_rise(self) -> SpectrogramSizes:
        if self.lowest_mel >= self.highest_mel:
            raise ValueError("highest_mel must be over lowest_mel")
        return self


class SingingNetwork(SpeakerNetwork):
    """Base of the networks: singers and the condition encoder.

    Args:
        sizes: see `SingingSizes`.

    Attributes:
        singer_log_f0: (S,) mean of the clips' medians of log F0 for each singer of the table, and
            `singer_clips` (S,) how many clips that is of.
    """

    singer_log_f0: Tensor
    singer_clips: Tensor

    def __init__(self, sizes: SingingSizes) -> None:
        super().__init__(sizes)
        self.condition_encoder = ConditionEncoder(sizes.condition)
        for name in ("singer_log_f0", "singer_clips"):
            self.register_buffer(name, torch.zeros(len(sizes.speakers)))

    def condition(self, song: Song, style: Tensor | None) -> Tensor:
        """A song and a singer's vector (B, style_channels, 1) → (B, hidden_channels, N)."""
        encoded: Tensor = self.condition_encoder(song, style)
        return encoded

    def singer(self, voice: Tensor | None, song: Song) -> Tensor | None:
        """Vectors (B, style_channels, 1) of singers, None for one; in training their pitch is noted.

        Args:
            voice: by `sizes.voice` rows (B,) of the table, log-mel (B, M, N) of the clips, or None.
            song: of the clips.
        """
        if self.speaker_sizes.voice == "table" and voice is not None:
            self.note_pitch(voice, song.f0)
        return self.style(voice, song.mask)

    @torch.no_grad()
    def note_pitch(self, singers: Tensor, f0: Tensor) -> None:
        """Count clips' median F0 for their singers; nothing outside of training.

        Args:
            singers: rows (B,) of the table.
            f0: (B, N), Hz, 0 where unvoiced; clips without a voiced frame are not counted.
        """
        if not self.training or not len(self.singer_clips):
            return
        medians = torch.where(f0 > 0, f0, torch.nan).nanmedian(dim=1).values.log()
        counted = medians.isfinite().to(f0.dtype)
        clips = self.singer_clips.index_add(0, singers, counted)
        sums = self.singer_log_f0 * self.singer_clips
        sums = sums.index_add(0, singers, medians.nan_to_num() * counted)
        self.singer_log_f0.copy_(sums / clips.clamp_min(1))
        self.singer_clips.copy_(clips)


class SpectrogramNetwork(SingingNetwork):
    """Base of the networks whose result is a spectrogram, which they have between -1 and 1.

    Args:
        sizes: see `SpectrogramSizes`.

    Attributes:
        mel_low, mel_high: (mel_channels, 1), of the log-mels that become -1 and 1; published ones are the
            extremes of a corpus in each bin.
    """

    mel_low: Tensor
    mel_high: Tensor

    def __init__(self, sizes: SpectrogramSizes) -> None:
        super().__init__(sizes)
        bounds = {"mel_low": sizes.lowest_mel, "mel_high": sizes.highest_mel}
        for name, bound in bounds.items():
            self.register_buffer(name, torch.full((sizes.mel_channels, 1), bound))

    def normalise(self, mel: Tensor) -> Tensor:
        """Log-mel (B, M, N) to -1 to 1."""
        return (mel - self.mel_low) / (self.mel_high - self.mel_low) * 2 - 1

    def restore(self, normalised: Tensor) -> Tensor:
        """What `normalise` was given."""
        return (normalised + 1) / 2 * (self.mel_high - self.mel_low) + self.mel_low


class ConditionTransformer(nn.Module):
    """A transformer with relative positions, as VITS has it, from a condition to a result frame by frame.

    The published code calls it a conformer.

    Args:
        channels: of the condition.
        out_channels: of the result, such as mel bins.
        sizes: of the layers.
        norm_eps: of the layer norms.
    """

    def __init__(
        self, channels: int, out_channels: int, sizes: TransformerSizes, norm_eps: float = NORM_EPS
    ) -> None:
        super().__init__()
        self.transformer = RelativeTransformer(channels, sizes, norm_eps=norm_eps)
        self.projection = nn.Conv1d(channels, out_channels, 1)

    def forward(self, condition: Tensor, mask: Tensor) -> Tensor:
        """(B, channels, N), mask (B, 1, N) → (B, out_channels, N), masked."""
        projected: Tensor = self.projection(self.transformer(condition, mask)) * mask
        return projected
