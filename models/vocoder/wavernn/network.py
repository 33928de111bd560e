"""WaveRNN in the form of github.com/fatchord/WaveRNN: two gated recurrent layers at the sampling rate.

It shares the name and the idea of drawing samples with a small recurrent network with Kalchbrenner et al.,
arXiv 1802.08435, not its dual softmax.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn
from torch.nn import functional

from hiervox.modules.autoregressive.distributions import MixtureOfLogistics, MuLaw
from hiervox.modules.autoregressive.generation import AutoregressiveGenerator, Conditions
from hiervox.utils.schema import Sizes

SPLITS = 4
"""The auxiliary features are split: one part enters before each recurrent and each linear layer."""


class WaveRNNSizes(Sizes):
    """Sizes of the network; defaults are the published ones for 22.05 kHz.

    Attributes:
        in_channels: mel bins.
        output: `logistics`, a mixture over 16 bits (MOL in the published code), or `mu_law`, classes (RAW).
        components: of the mixture.
        bits: of the μ-law classes.
        rates: by which the mel spectrogram is stretched and smoothed to the waveform's rate.
        context_frames: frames beside a frame that its features depend on.
        channels: of the recurrent layers.
        linear_channels: of the linear layers.
        residual_channels, n_blocks: of the residual network at frame rate.
        auxiliary_channels: of its output, a multiple of 4.
    """

    in_channels: PositiveInt = 80
    output: Literal["logistics", "mu_law"] = "logistics"
    components: PositiveInt = 10
    bits: PositiveInt = Field(9, le=16)
    rates: tuple[PositiveInt, ...] = Field((5, 5, 11), min_length=1)
    context_frames: PositiveInt = 2
    channels: PositiveInt = 512
    linear_channels: PositiveInt = 512
    residual_channels: PositiveInt = 128
    n_blocks: PositiveInt = 10
    auxiliary_channels: PositiveInt = Field(128, multiple_of=SPLITS)

    @property
    def hop_length(self) -> int:
        """Samples to a frame."""
        return math.prod(self.rates)


class PointwiseBlock(nn.Module):
    """Two pointwise convolutions with batch norm beside a residual connection."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(channels, channels, 1, bias=False)
        self.first_norm = nn.BatchNorm1d(channels)
        self.second = nn.Conv1d(channels, channels, 1, bias=False)
        self.second_norm = nn.BatchNorm1d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, N) → (B, C, N)."""
        hidden = functional.relu(self.first_norm(self.first(x)))
        out: Tensor = x + self.second_norm(self.second(hidden))
        return out


class MelNetwork(nn.Module):
    """Mel spectrogram to features at frame rate; `context_frames` at each end are used up."""

    def __init__(self, sizes: WaveRNNSizes) -> None:
        super().__init__()
        channels = sizes.residual_channels
        self.input = nn.Conv1d(sizes.in_channels, channels, 2 * sizes.context_frames + 1, bias=False)
        self.norm = nn.BatchNorm1d(channels)
        self.blocks = nn.ModuleList(PointwiseBlock(channels) for _ in range(sizes.n_blocks))
        self.output = nn.Conv1d(channels, sizes.auxiliary_channels, 1)

    def forward(self, mel: Tensor) -> Tensor:
        """(B, M, N + 2 * context_frames) → (B, auxiliary_channels, N)."""
        x = functional.relu(self.norm(self.input(mel)))
        for block in self.blocks:
            x = block(x)
        out: Tensor = self.output(x)
        return out


class MelUpsampling(nn.Module):
    """Repeats frames and smooths them by a learned filter, which begins as a mean, once for each rate.

    Args:
        rates: the filters reach one rate to either side.
    """

    def __init__(self, rates: tuple[int, ...]) -> None:
        super().__init__()
        self.rates = rates
        self.convs = nn.ModuleList(
            nn.Conv2d(1, 1, (1, 2 * rate + 1), padding=(0, rate), bias=False) for rate in rates
        )
        for conv in self.convs:
            assert isinstance(conv, nn.Conv2d)
            nn.init.constant_(conv.weight, 1 / conv.kernel_size[1])

    def forward(self, mel: Tensor) -> Tensor:
        """(B, M, N) → (B, M, T)."""
        x = mel.unsqueeze(1)
        for rate, conv in zip(self.rates, self.convs, strict=True):
            x = conv(x.repeat_interleave(rate, dim=3))
        return x.squeeze(1)


class RecurrentLayer(nn.GRU):
    """One GRU layer over (B, T, C) that can be stepped through, its input multiplied in advance."""

    weight_ih_l0: Tensor
    weight_hh_l0: Tensor
    bias_ih_l0: Tensor
    bias_hh_l0: Tensor

    def step(self, inputs: Tensor, hidden: Tensor) -> Tensor:
        """Inputs times `weight_ih_l0` plus `bias_ih_l0` (B, 3 * C), state (B, C) → the next state (B, C)."""
        by_state = functional.linear(hidden, self.weight_hh_l0, self.bias_hh_l0)
        reset_in, update_in, new_in = inputs.chunk(3, dim=1)
        reset_state, update_state, new_state = by_state.chunk(3, dim=1)
        new = torch.tanh(torch.addcmul(new_in, torch.sigmoid(reset_in + reset_state), new_state))
        return torch.lerp(new, hidden, torch.sigmoid(update_in + update_state))


class WaveRNN(AutoregressiveGenerator):
    """The network.

    Args:
        sizes: see `WaveRNNSizes`.
    """

    def __init__(self, sizes: WaveRNNSizes) -> None:
        mu_law = sizes.output == "mu_law"
        super().__init__(MuLaw(2**sizes.bits) if mu_law else MixtureOfLogistics(sizes.components))
        self.sizes = sizes
        self.hop_length = self.source_rate = sizes.hop_length
        self.context_frames = sizes.context_frames
        part, width = sizes.auxiliary_channels // SPLITS, sizes.channels
        self.auxiliary = MelNetwork(sizes)
        self.stretch = MelUpsampling(sizes.rates)
        self.input = nn.Linear(sizes.in_channels + part + 1, width)
        self.first_rnn = RecurrentLayer(width, width, batch_first=True)
        self.second_rnn = RecurrentLayer(width + part, width, batch_first=True)
        self.first_linear = nn.Linear(width + part, sizes.linear_channels)
        self.second_linear = nn.Linear(sizes.linear_channels + part, sizes.linear_channels)
        self.output = nn.Linear(sizes.linear_channels, self.distribution.parameters)

    def features(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """mel (B, M, N + 2 * context_frames) → stretched (B, T, M) and auxiliary features (B, N, A)."""
        edge = self.sizes.context_frames * self.hop_length
        stretched = self.stretch(mel)[..., edge : mel.shape[-1] * self.hop_length - edge]
        return stretched.mT, self.auxiliary(mel).mT

    def values(self, symbols: Tensor) -> Tensor:
        """What enters the network for symbols: values in [-1, 1]."""
        is_class = isinstance(self.distribution, MuLaw)
        return self.distribution.companded(symbols) if is_class else symbols  # type: ignore[attr-defined]

    def teacher_forced(self, symbols: Tensor, mel: Tensor) -> Tensor:
        """symbols (B, T), mel (B, M, N + 2 * context_frames), T = hop_length * N → (B, T, parameters)."""
        stretched, auxiliary = self.features(mel)
        first, second, third, fourth = auxiliary.repeat_interleave(self.hop_length, dim=1).chunk(
            SPLITS, dim=2
        )
        x = self.input(torch.cat([self.values(symbols).unsqueeze(-1), stretched, first], dim=2))
        x = x + self.first_rnn(x)[0]
        x = x + self.second_rnn(torch.cat([x, second], dim=2))[0]
        x = functional.relu(self.first_linear(torch.cat([x, third], dim=2)))
        x = functional.relu(self.second_linear(torch.cat([x, fourth], dim=2)))
        out: Tensor = self.output(x)
        return out

    def conditions(self, mel: Tensor) -> Conditions:
        """mel (B, M, N) → all that it adds to the layers' inputs, so that a step multiplies less."""
        edge = self.sizes.context_frames
        stretched, auxiliary = self.features(functional.pad(mel, (edge, edge)))
        parts = auxiliary.chunk(SPLITS, dim=2)
        _, by_mel, by_first = self._input_weights()
        width, linear, rnn = self.sizes.channels, self.sizes.linear_channels, self.second_rnn
        at_frames = (
            functional.linear(parts[0], by_first, self.input.bias),
            functional.linear(parts[1], rnn.weight_ih_l0[:, width:], rnn.bias_ih_l0),
            functional.linear(parts[2], self.first_linear.weight[:, width:], self.first_linear.bias),
            functional.linear(parts[3], self.second_linear.weight[:, linear:], self.second_linear.bias),
        )
        entry, *others = (part.repeat_interleave(self.hop_length, dim=1) for part in at_frames)
        entry = entry + functional.linear(stretched, by_mel)
        return tuple(part.transpose(0, 1) for part in (entry, *others))

    def _input_weights(self) -> tuple[Tensor, ...]:
        part = self.sizes.auxiliary_channels // SPLITS
        return self.input.weight.split([1, self.sizes.in_channels, part], dim=1)

    def initial_state(self, batch: int) -> tuple[Any, Tensor]:
        """Zeros, and silence."""
        zeros = self.input.weight.new_zeros(batch, self.sizes.channels)
        return (zeros, zeros), self.distribution.encode(zeros[:, 0])

    def step(self, symbols: Tensor, conditions: tuple[Tensor, ...], state: Any) -> tuple[Tensor, Any]:
        """See `AutoregressiveGenerator.step`."""
        entry, gates, third, fourth = conditions
        width, linear = self.sizes.channels, self.sizes.linear_channels
        x = torch.addcmul(entry, self.values(symbols).unsqueeze(1), self.input.weight[:, 0])
        one, two = self.first_rnn, self.second_rnn
        first = one.step(functional.linear(x, one.weight_ih_l0, one.bias_ih_l0), state[0])
        x = x + first
        second = two.step(torch.addmm(gates, x, two.weight_ih_l0[:, :width].mT), state[1])
        x = x + second
        x = torch.addmm(third, x, self.first_linear.weight[:, :width].mT).relu_()
        x = torch.addmm(fourth, x, self.second_linear.weight[:, :linear].mT).relu_()
        return self.output(x), (first, second)
