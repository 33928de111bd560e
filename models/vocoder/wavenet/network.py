"""WaveNet as a vocoder (arXiv 1609.03499, in the form of github.com/r9y9/wavenet_vocoder)."""

from __future__ import annotations

import math
from typing import Any, Literal

import torch
from pydantic import Field, PositiveInt, model_validator
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

from hiervox.modules.autoregressive.distributions import Distribution, Gaussian, MixtureOfLogistics, MuLaw
from hiervox.modules.autoregressive.generation import AutoregressiveGenerator, Conditions
from hiervox.utils.schema import Sizes


class WaveNetSizes(Sizes):
    """Sizes of the network; defaults are the published ones for 22.05 kHz.

    Attributes:
        in_channels: mel bins.
        output: `logistics`, a mixture over 16 bits; `gaussian`; or `mu_law`, classes.
        components: of the mixture.
        bits: of the μ-law classes.
        least_log_scale: narrower logistics or normals count as this wide.
        rates: by which the mel spectrogram is stretched and smoothed to the waveform's rate.
        context_frames: frames beside a frame that its features depend on.
        n_layers, n_stacks: dilations double from 1 in each stack.
        channels, gate_channels, skip_channels, kernel_size: of the layers.
    """

    in_channels: PositiveInt = 80
    output: Literal["logistics", "gaussian", "mu_law"] = "logistics"
    components: PositiveInt = 10
    bits: PositiveInt = Field(8, le=16)
    least_log_scale: float = math.log(1e-14)
    rates: tuple[PositiveInt, ...] = Field((4, 4, 4, 4), min_length=1)
    context_frames: PositiveInt = 2
    n_layers: PositiveInt = 24
    n_stacks: PositiveInt = 4
    channels: PositiveInt = 128
    gate_channels: PositiveInt = Field(256, multiple_of=2)
    skip_channels: PositiveInt = 128
    kernel_size: PositiveInt = 3

    @model_validator(mode="after")
    def _check_stacks(self) -> WaveNetSizes:
        if self.n_layers % self.n_stacks:
            raise ValueError(f"n_layers {self.n_layers} is not a multiple of n_stacks {self.n_stacks}")
        return self

    @property
    def hop_length(self) -> int:
        """Samples to a frame."""
        return math.prod(self.rates)

    @property
    def distribution(self) -> Distribution:
        """What the output means."""
        if self.output == "mu_law":
            return MuLaw(2**self.bits)
        if self.output == "gaussian":
            return Gaussian(self.least_log_scale)
        return MixtureOfLogistics(self.components, least_log_scale=self.least_log_scale)


class CausalLayer(nn.Module):
    """A gated causal convolution with residual and skip connections.

    Args:
        sizes: see `WaveNetSizes`.
        dilation: of the convolution.
    """

    def __init__(self, sizes: WaveNetSizes, dilation: int) -> None:
        super().__init__()
        half = sizes.gate_channels // 2
        self.receptive_field = (sizes.kernel_size - 1) * dilation
        self.dilated = weight_norm(
            nn.Conv1d(sizes.channels, sizes.gate_channels, sizes.kernel_size, dilation=dilation)
        )
        self.condition = weight_norm(nn.Conv1d(sizes.in_channels, sizes.gate_channels, 1, bias=False))
        self.output = weight_norm(nn.Conv1d(half, sizes.channels, 1))
        self.skip = weight_norm(nn.Conv1d(half, sizes.skip_channels, 1))

    def forward(self, x: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """(B, C, receptive_field + T), gates of the mels (B, G, T) → what goes on and skips, both T long."""
        signal, gate = (self.dilated(x) + condition).chunk(2, dim=1)
        hidden = torch.tanh(signal) * torch.sigmoid(gate)
        return (self.output(hidden) + x[..., self.receptive_field :]) * math.sqrt(0.5), self.skip(hidden)


class SmoothedUpsampling(nn.Module):
    """A convolution over `context_frames`, then repetition and smoothing, once for each rate.

    Args:
        sizes: see `WaveNetSizes`.
    """

    def __init__(self, sizes: WaveNetSizes) -> None:
        super().__init__()
        self.rates, mels = sizes.rates, sizes.in_channels
        self.input = nn.Conv1d(mels, mels, 2 * sizes.context_frames + 1, bias=False)
        self.convs = nn.ModuleList(self._smoothing(rate) for rate in sizes.rates)

    @staticmethod
    def _smoothing(rate: int) -> nn.Module:
        conv = nn.Conv2d(1, 1, (1, 2 * rate + 1), padding=(0, rate), bias=False)
        nn.init.constant_(conv.weight, 1 / (2 * rate + 1))
        return weight_norm(conv)

    def forward(self, mel: Tensor) -> Tensor:
        """(B, M, N + 2 * context_frames) → (B, M, T)."""
        x = self.input(mel).unsqueeze(1)
        for rate, conv in zip(self.rates, self.convs, strict=True):
            x = conv(x.repeat_interleave(rate, dim=3))
        return x.squeeze(1)


class WaveNetVocoder(AutoregressiveGenerator):
    """The network.

    Args:
        sizes: see `WaveNetSizes`.
    """

    def __init__(self, sizes: WaveNetSizes) -> None:
        super().__init__(sizes.distribution)
        self.sizes = sizes
        self.hop_length = self.source_rate = sizes.hop_length
        self.context_frames = sizes.context_frames
        inputs = self.distribution.parameters if isinstance(self.distribution, MuLaw) else 1
        self.upsample = SmoothedUpsampling(sizes)
        self.input = weight_norm(nn.Conv1d(inputs, sizes.channels, 1))
        in_stack = sizes.n_layers // sizes.n_stacks
        layers = [CausalLayer(sizes, 2 ** (number % in_stack)) for number in range(sizes.n_layers)]
        self.layers = nn.ModuleList(layers)
        self.receptive_fields = [layer.receptive_field for layer in layers]
        self.hidden = weight_norm(nn.Conv1d(sizes.skip_channels, sizes.skip_channels, 1))
        self.output = weight_norm(nn.Conv1d(sizes.skip_channels, self.distribution.parameters, 1))

    def values(self, symbols: Tensor) -> Tensor:
        """Symbols (B, T) → what enters the network, (B, 1 or classes, T)."""
        if not isinstance(self.distribution, MuLaw):
            return symbols.unsqueeze(1)
        return functional.one_hot(symbols, self.distribution.parameters).mT.to(
            self.upsample.input.weight.dtype
        )

    def teacher_forced(self, symbols: Tensor, mel: Tensor) -> Tensor:
        """symbols (B, T), mel (B, M, N + 2 * context_frames), T = hop_length * N → (B, T, parameters)."""
        condition = self.upsample(mel)
        x, skips = self.input(self.values(symbols)), torch.zeros(())
        for layer in self.layers:
            assert isinstance(layer, CausalLayer)
            x, skip = layer(functional.pad(x, (layer.receptive_field, 0)), layer.condition(condition))
            skips = skips.to(skip) + skip
        return self._end(skips).mT

    def _end(self, skips: Tensor) -> Tensor:
        hidden = functional.relu(skips * math.sqrt(1 / len(self.layers)))
        out: Tensor = self.output(functional.relu(self.hidden(hidden)))
        return out

    def conditions(self, mel: Tensor) -> Conditions:
        """mel (B, M, N) → the gates' share of each layer."""
        edge = self.sizes.context_frames
        upsampled = self.upsample(functional.pad(mel, (edge, edge), mode="replicate"))
        return tuple(layer.condition(upsampled).permute(2, 0, 1) for layer in self.layers)  # type: ignore[operator]

    def initial_state(self, batch: int) -> tuple[Any, Tensor]:
        """Silence in every layer, and before the first sample."""
        like = self.upsample.input.weight
        pasts = [
            like.new_zeros(batch, self.sizes.channels, receptive_field)
            for receptive_field in self.receptive_fields
        ]
        return (0, pasts), self.distribution.encode(like.new_zeros(batch))

    def step(self, symbols: Tensor, conditions: tuple[Tensor, ...], state: Any) -> tuple[Tensor, Any]:
        """See `AutoregressiveGenerator.step`; each layer's past is a ring that is overwritten in place."""
        place, pasts = state
        x, skips = self.input(self.values(symbols.unsqueeze(1))), torch.zeros(())
        for layer, past, condition in zip(self.layers, pasts, conditions, strict=True):
            assert isinstance(layer, CausalLayer)
            now = place % layer.receptive_field
            dilation = layer.receptive_field // (self.sizes.kernel_size - 1)
            taps = [
                past[..., (now + tap * dilation) % layer.receptive_field]
                for tap in range(self.sizes.kernel_size - 1)
            ]
            seen = torch.stack([*taps, x[..., 0]], dim=2)
            past[..., now] = x[..., 0]
            x, skip = _one_sample(layer, seen, condition)
            skips = skips.to(skip) + skip
        return self._end(skips)[..., 0], (place + 1, pasts)


def _one_sample(layer: CausalLayer, seen: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
    """What a layer's kernel sees (B, C, kernel), gates' share (B, G) → what goes on and skips, (B, C, 1)."""
    conv = layer.dilated
    assert isinstance(conv, nn.Conv1d)
    gates = functional.conv1d(seen, conv.weight, conv.bias) + condition.unsqueeze(-1)
    signal, gate = gates.chunk(2, dim=1)
    hidden = torch.tanh(signal) * torch.sigmoid(gate)
    return (layer.output(hidden) + seen[..., -1:]) * math.sqrt(0.5), layer.skip(hidden)
