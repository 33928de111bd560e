"""FastSpeech 2: encoder, variance adaptor, decoder, post-net (arXiv 2006.04558, section 2)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from hiervox.models.tts._variance.network import VarianceNetwork
from hiervox.models.tts._variance.variance_adaptor import (
    VarianceControls,
    VarianceOutput,
    VarianceTargets,
)
from hiervox.models.tts.fastspeech2.config import FastSpeech2Config
from hiervox.models.tts.fastspeech2.post_net import PostNet
from hiervox.modules.functional.masking import sequence_mask


@dataclass
class FastSpeech2Output:
    """A pass of the network.

    Attributes:
        mel: (B, M, N), log-mel; on padding it means nothing.
        post_net_mel: (B, M, N), behind the post-net; `mel` where there is none.
        variances: what the adaptor predicted.
    """

    mel: Tensor
    post_net_mel: Tensor
    variances: VarianceOutput


class FastSpeech2(VarianceNetwork[FastSpeech2Config]):
    """Tokens to log-mel.

    Args:
        config: sizes.
    """

    def __init__(self, config: FastSpeech2Config) -> None:
        super().__init__(config)
        self.projection = nn.Conv1d(config.channels, config.n_mels, 1)
        if config.post_net_channels:
            self.post_net = PostNet(config.n_mels, config.post_net_channels)

    def decode(self, hidden: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """(B, C, N), mask (B, 1, N) → log-mel (B, M, N) before and behind the post-net."""
        mel: Tensor = self.projection(self.decoder(hidden, mask))
        if not self.config.post_net_channels:
            return mel, mel
        return mel, self.post_net(mel, mask if self.config.mask_padding else None)

    def forward(
        self,
        tokens: Tensor,
        token_lengths: Tensor,
        targets: VarianceTargets | None = None,
        style: Tensor | None = None,
        frames: int | None = None,
        controls: VarianceControls | None = None,
    ) -> FastSpeech2Output:
        """The whole pass, in training with targets.

        Args:
            tokens: (B, L).
            token_lengths: (B,).
            targets: durations, pitch and energy; predicted where None.
            style: (B, style_channels, 1); None for one speaker.
            frames: length of the spectrograms; the longest item's where None.
            controls: of the predictions.
        """
        token_mask = sequence_mask(token_lengths, tokens.shape[1])
        hidden = self.encode(tokens, token_mask, style)
        variances: VarianceOutput = self.adaptor(hidden, token_mask, targets, controls, frames)
        mask = sequence_mask(variances.frame_lengths, variances.hidden.shape[2])
        return FastSpeech2Output(*self.decode(variances.hidden, mask), variances)

    @torch.no_grad()
    def infer(
        self,
        tokens: Tensor,
        token_lengths: Tensor,
        style: Tensor | None = None,
        controls: VarianceControls | None = None,
    ) -> FastSpeech2Output:
        """`forward` without targets and without gradients."""
        output: FastSpeech2Output = self(tokens, token_lengths, style=style, controls=controls)
        return output
