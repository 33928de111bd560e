"""CAM++: a speaker encoder (Wang et al. 2023, "CAM++: A fast and efficient network for speaker verification
using context-aware masking", arXiv 2303.00332)."""

from __future__ import annotations

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn import functional

from hiervox.utils.schema import Sizes

SEGMENT_FRAMES = 100  # of the context that a mask sees beside the whole (section 2.2)
CONVOLUTION_CHANNELS = 32  # of the front end (section 2.3)


class ResidualBlock2d(nn.Module):
    """Two 3 × 3 convolutions with batch normalisation; `stride` is along frequency."""

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, (stride, 1), 1, bias=False)
        self.first_norm = nn.BatchNorm2d(channels)
        self.second = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(channels)
        self.shortcut = nn.Sequential()
        if stride != 1:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels, channels, 1, (stride, 1), bias=False), nn.BatchNorm2d(channels)
            )

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, F, T) → (B, channels, F / stride, T)."""
        hidden = self.second_norm(self.second(functional.relu(self.first_norm(self.first(x)))))
        return functional.relu(hidden + self.shortcut(x))


class FrontEnd(nn.Module):
    """Convolutions over frequency and time, to an eighth of the mel bins (section 2.3)."""

    def __init__(self, mel_channels: int) -> None:
        super().__init__()
        channels = CONVOLUTION_CHANNELS
        self.input = nn.Conv2d(1, channels, 3, 1, 1, bias=False)
        self.input_norm = nn.BatchNorm2d(channels)
        self.blocks = nn.Sequential(*(ResidualBlock2d(channels, stride) for stride in (2, 1, 2, 1)))
        self.output = nn.Conv2d(channels, channels, 3, (2, 1), 1, bias=False)
        self.output_norm = nn.BatchNorm2d(channels)
        self.out_channels = channels * (mel_channels // 8)

    def forward(self, features: Tensor) -> Tensor:
        """(B, mel_channels, T) → (B, out_channels, T)."""
        x = functional.relu(self.input_norm(self.input(features.unsqueeze(1))))
        x = functional.relu(self.output_norm(self.output(self.blocks(x))))
        return x.flatten(1, 2)


class CAMPlusPlusSizes(Sizes):
    """Sizes of the encoder; defaults are the published ones.

    Attributes:
        mel_channels: bins of the filterbank.
        embedding_channels: of the embedding.
        initial_channels: after the first convolution over time, which halves the frame rate.
        growth: channels that each dense layer adds.
        n_layers, dilations: of the dense blocks; behind each the channels are halved.
        kernel_size: of their convolutions.
    """

    mel_channels: PositiveInt = Field(80, multiple_of=8)
    embedding_channels: PositiveInt = 192
    initial_channels: PositiveInt = 128
    growth: PositiveInt = 32
    n_layers: tuple[PositiveInt, ...] = (12, 24, 16)
    dilations: tuple[PositiveInt, ...] = (1, 2, 2)
    kernel_size: PositiveInt = 3


class MaskedDenseLayer(nn.Module):
    """A dilated convolution whose output a mask scales that has seen the context (equations 2 to 5)."""

    def __init__(self, in_channels: int, sizes: CAMPlusPlusSizes, *, dilation: int) -> None:
        super().__init__()
        growth, kernel_size = sizes.growth, sizes.kernel_size
        hidden_channels = 4 * growth
        self.input_norm = nn.BatchNorm1d(in_channels)
        self.input = nn.Conv1d(in_channels, hidden_channels, 1, bias=False)
        self.hidden_norm = nn.BatchNorm1d(hidden_channels)
        padding = (kernel_size - 1) // 2 * dilation
        self.local = nn.Conv1d(
            hidden_channels, growth, kernel_size, padding=padding, dilation=dilation, bias=False
        )
        self.squeeze = nn.Conv1d(hidden_channels, hidden_channels // 2, 1)
        self.excite = nn.Conv1d(hidden_channels // 2, growth, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, T) → (B, in_channels + growth, T)."""
        hidden = functional.relu(self.hidden_norm(self.input(functional.relu(self.input_norm(x)))))
        segments = functional.avg_pool1d(hidden, SEGMENT_FRAMES, SEGMENT_FRAMES, ceil_mode=True)
        mask = self.excite(functional.relu(self.squeeze(hidden.mean(2, keepdim=True) + segments)))
        mask = torch.sigmoid(mask).repeat_interleave(SEGMENT_FRAMES, dim=2)[..., : x.shape[2]]
        return torch.cat([x, self.local(hidden) * mask], dim=1)


class CAMPlusPlus(nn.Module):
    """Log-mel filterbank of an utterance → speaker embedding. Always in eval mode: batch normalisation keeps
    the statistics that it was trained with.

    Args:
        sizes: see `CAMPlusPlusSizes`.
    """

    def __init__(self, sizes: CAMPlusPlusSizes) -> None:
        super().__init__()
        channels, growth = sizes.initial_channels, sizes.growth
        self.front = FrontEnd(sizes.mel_channels)
        self.input = nn.Conv1d(self.front.out_channels, channels, 5, 2, 2, bias=False)
        self.input_norm = nn.BatchNorm1d(channels)
        self.blocks = nn.ModuleList()
        self.transitions = nn.ModuleList()
        for count, dilation in zip(sizes.n_layers, sizes.dilations, strict=True):
            self.blocks.append(
                nn.Sequential(
                    *(
                        MaskedDenseLayer(channels + place * growth, sizes, dilation=dilation)
                        for place in range(count)
                    )
                )
            )
            channels += count * growth
            self.transitions.append(
                nn.Sequential(
                    nn.BatchNorm1d(channels), nn.ReLU(), nn.Conv1d(channels, channels // 2, 1, bias=False)
                )
            )
            channels //= 2
        self.output_norm = nn.BatchNorm1d(channels)
        self.embedding = nn.Conv1d(2 * channels, sizes.embedding_channels, 1, bias=False)
        self.embedding_norm = nn.BatchNorm1d(sizes.embedding_channels, affine=False)
        self.train(False)

    def train(self, mode: bool = True) -> CAMPlusPlus:
        """Stay in eval mode, whatever the network around it does."""
        super().train(False)
        return self

    def forward(self, features: Tensor) -> Tensor:
        """Embed utterances of one length.

        Args:
            features: (B, mel_channels, T), log-mel at 100 frames/s, less its mean over time.

        Returns:
            (B, embedding_channels); compare by cosine.
        """
        x = functional.relu(self.input_norm(self.input(self.front(features))))
        for block, transition in zip(self.blocks, self.transitions, strict=True):
            x = transition(block(x))
        x = functional.relu(self.output_norm(x)).float()
        statistics = torch.cat([x.mean(2, keepdim=True), x.std(2, keepdim=True)], dim=1)
        embedding: Tensor = self.embedding_norm(self.embedding(statistics))[..., 0]
        return embedding
