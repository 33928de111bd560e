"""Semantic encoders: semantic vectors, and pitch in the source-filter one, to a Gaussian per frame."""

from __future__ import annotations

from torch import Tensor, nn

from hiervox.modules.convolutions.wavenet import WaveNet, WaveNetSizes

PITCH_KERNEL = 9


class SemanticEncoder(nn.Module):
    """Two WaveNet stacks, one on the semantic vectors and one on log-F0, and one on their sum.

    Two of them make the hierarchy of priors (HierSpeech++, arXiv 2311.12454, section 3.2): one is
    fed speaker-agnostic, one speaker-related features. Without pitch, as in HierVST, the stacks on the
    semantic vectors and on the sum are in a row.

    Args:
        sizes: of each of the three stacks.
        semantic_channels: of the semantic vectors.
        latent_channels: of the Gaussian.
        style_channels: of the style vector.
        pitch_ratio: pitch frames to one semantic frame; 0 for an encoder that takes no pitch.
    """

    def __init__(
        self,
        sizes: WaveNetSizes,
        *,
        semantic_channels: int,
        latent_channels: int,
        style_channels: int,
        pitch_ratio: int = 4,
    ) -> None:
        super().__init__()
        self.pitch_ratio = pitch_ratio
        hidden_channels = sizes.hidden_channels
        self.semantic_input = nn.Conv1d(semantic_channels, hidden_channels, 1)
        if pitch_ratio:
            self.pitch_input = nn.Conv1d(
                1, hidden_channels, PITCH_KERNEL, stride=pitch_ratio, padding=PITCH_KERNEL // 2
            )
        self.semantic_stack = WaveNet(sizes, condition_channels=style_channels)
        if pitch_ratio:
            self.pitch_stack = WaveNet(sizes, condition_channels=style_channels)
        self.joint_stack = WaveNet(sizes, condition_channels=style_channels)
        self.projection = nn.Conv1d(hidden_channels, 2 * latent_channels, 1)

    def forward(
        self, semantic: Tensor, log_f0: Tensor | None, mask: Tensor, style: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Encode; the frames are 20 ms.

        Args:
            semantic: (B, semantic_channels, N).
            log_f0: (B, 1, pitch_ratio * N), log(Hz + 1); not looked at where no pitch is taken.
            mask: (B, 1, N).
            style: (B, style_channels, 1).

        Returns:
            mean and log standard deviation, (B, latent_channels, N) each, masked.
        """
        hidden = self.semantic_stack(self.semantic_input(semantic) * mask, mask, style)
        if self.pitch_ratio:
            assert log_f0 is not None
            log_f0 = log_f0 * mask.repeat_interleave(self.pitch_ratio, dim=2)
            hidden = hidden + self.pitch_stack(self.pitch_input(log_f0) * mask, mask, style)
        hidden = self.joint_stack(hidden, mask, style)
        mean, log_std = (self.projection(hidden) * mask).chunk(2, dim=1)
        return mean, log_std
