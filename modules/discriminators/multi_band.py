"""Discriminators of frequency bands of complex spectrograms (Descript Audio Codec, arXiv 2306.06546)."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

from hiervox.modules.discriminators.config import Discriminator, DiscriminatorConfig
from hiervox.modules.discriminators.stack import LEAKY_SLOPE, DiscriminatorOutput, apply_each

BAND_EDGES = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)
"""Fractions of the bins."""
OVERLAP = 4
PEAK = 0.8
"""Every waveform is scaled to it, so that levels are not compared."""


class MultiBandConfig(DiscriminatorConfig):
    """Sizes of `MultiBandDiscriminator`.

    Attributes:
        window_lengths: of its members, samples.
        channels: of each convolution but the last.
    """

    type: Literal["multi_band"] = "multi_band"
    window_lengths: tuple[PositiveInt, ...] = Field((2048, 1024, 512), min_length=1)
    channels: PositiveInt = 32

    @property
    def min_samples(self) -> int:
        """Half of the longest window, which is reflected."""
        return max(self.window_lengths) // 2 + 1


class BandDiscriminator(nn.Module):
    """Convolves each band of a spectrogram on its own, and all bands together at the end.

    Args:
        window_length: of the Hann window; hop is a quarter of it.
        channels: of each convolution but the last.
        first_is_feature: each band's first convolution is a feature map.
        between_hops: frames are centred between hops, a frame for each begun hop; otherwise on them.
    """

    window: Tensor

    def __init__(
        self,
        window_length: int,
        channels: int,
        *,
        first_is_feature: bool = False,
        between_hops: bool = False,
    ) -> None:
        super().__init__()
        self.first_feature, self.between_hops = (0 if first_is_feature else 1), between_hops
        self.hop_length = window_length // OVERLAP
        self.register_buffer("window", torch.hann_window(window_length, device="cpu"), persistent=False)
        bins = window_length // 2 + 1
        edges = [int(edge * bins) for edge in BAND_EDGES]
        self.bands = list(pairwise(edges))
        self.stacks = nn.ModuleList(_band_stack(channels) for _ in self.bands)
        self.last = weight_norm(nn.Conv2d(channels, 1, (3, 3), padding=(1, 1)))

    def forward(self, wav: Tensor) -> DiscriminatorOutput:
        """wav (B, 1, T) → logits (B, L); feature maps (B, C, frames, bins), the logits' last."""
        spectrum, features, ends = self._spectrum(wav.squeeze(1)), [], []
        for (low, high), stack in zip(self.bands, self.stacks, strict=True):
            x = spectrum[..., low:high]
            for number, conv in enumerate(stack.children()):
                x = F.leaky_relu(conv(x), LEAKY_SLOPE)
                if number >= self.first_feature:
                    features.append(x)
            ends.append(x)
        logits = self.last(torch.cat(ends, dim=-1))
        return DiscriminatorOutput(logits.flatten(1), [*features, logits])

    def _spectrum(self, wav: Tensor) -> Tensor:
        """(B, T) → real and imaginary part (B, 2, frames, bins)."""
        with torch.autocast(wav.device.type, enabled=False):
            wav = at_one_level(wav)
            if self.between_hops:  # what `center` would add is cut off again
                margin = (len(self.window) - self.hop_length) // 2
                wav = F.pad(wav, (margin, margin - wav.shape[-1] % -self.hop_length), mode="reflect")
            spectrum = torch.stft(
                wav,
                len(self.window),
                self.hop_length,
                window=self.window,
                center=not self.between_hops,
                return_complex=True,
            )
            return torch.view_as_real(spectrum).permute(0, 3, 2, 1)


class MultiBandDiscriminator(Discriminator):
    """One `BandDiscriminator` for each window length."""

    config_class = MultiBandConfig

    def __init__(self, config: MultiBandConfig) -> None:
        super().__init__(config)
        self.discriminators = nn.ModuleList(
            BandDiscriminator(length, config.channels) for length in config.window_lengths
        )

    def forward(self, wav: Tensor) -> list[DiscriminatorOutput]:
        """wav (B, 1, T) → the output for each resolution."""
        return apply_each(self.discriminators, [wav] * len(self.discriminators))


def at_one_level(wav: Tensor) -> Tensor:
    """(..., T) around 0 and scaled to `PEAK`."""
    wav = wav.float() - wav.float().mean(dim=-1, keepdim=True)
    return PEAK * wav / (wav.abs().amax(dim=-1, keepdim=True) + 1e-9)


def _band_stack(channels: int) -> nn.ModuleList:
    halving = {"stride": (1, 2), "padding": (1, 4)}
    convs = [
        nn.Conv2d(2, channels, (3, 9), padding=(1, 4)),
        *(nn.Conv2d(channels, channels, (3, 9), **halving) for _ in range(3)),  # type: ignore[arg-type]
        nn.Conv2d(channels, channels, (3, 3), padding=(1, 1)),
    ]
    return nn.ModuleList(weight_norm(conv) for conv in convs)
