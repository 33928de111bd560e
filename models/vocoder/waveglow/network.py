"""WaveGlow (arXiv 1811.00002): a flow between waveforms and white noise, conditioned on mel spectrograms."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from pydantic import PositiveFloat, PositiveInt, model_validator
from torch import Tensor, nn

from hiervox.modules.convolutions.wavenet import WaveNetSizes
from hiervox.modules.flows.affine_coupling import CouplingNetwork
from hiervox.modules.flows.invertible_convolution import InvertibleConvolution
from hiervox.modules.generators.vocoder import FixedNoise, NoiseDrivenGenerator
from hiervox.utils.schema import Sizes


class WaveGlowSizes(Sizes):
    """Sizes of the network; defaults are those of the published 256-channel weights for 22.05 kHz.

    Attributes:
        in_channels: mel bins.
        hop_length: samples to a frame.
        upsampling_kernel: of the transposed convolution that brings the mel spectrogram to the waveform's
            rate.
        group: neighbouring samples that are the channels of a step, even.
        n_flows: steps of flow.
        early_every, early_size: after so many flows, so many channels leave.
        channels, n_layers, kernel_size: of the coupling networks; 512 channels in the paper.
        sigma: deviation of the noise that the waveform is drawn from.
    """

    in_channels: PositiveInt = 80
    hop_length: PositiveInt = 256
    upsampling_kernel: PositiveInt = 1024
    group: PositiveInt = 8
    n_flows: PositiveInt = 12
    early_every: PositiveInt = 4
    early_size: PositiveInt = 2
    channels: PositiveInt = 256
    n_layers: PositiveInt = 8
    kernel_size: PositiveInt = 3
    sigma: PositiveFloat = 0.6

    @model_validator(mode="after")
    def _check_groups(self) -> WaveGlowSizes:
        if self.hop_length % self.group or self.group % 2 or self.early_size % 2:
            raise ValueError("group must be even and divide hop_length, and early_size be even")
        if min(self.widths) < 2:
            raise ValueError("no channels are left for the last flows: lower early_size or n_flows")
        return self

    @property
    def coupling(self) -> WaveNetSizes:
        """Of each coupling network."""
        return WaveNetSizes(
            hidden_channels=self.channels, n_layers=self.n_layers, kernel_size=self.kernel_size
        )

    @property
    def widths(self) -> list[int]:
        """Channels of each flow."""
        return [self.group - self.early_size * (flow // self.early_every) for flow in range(self.n_flows)]


class FlowOutput(NamedTuple):
    """What the flow makes of a waveform.

    Attributes:
        z: (B, group, T / group), those channels first that left first.
        log_scales: of each flow, (B, width / 2, T / group).
        log_determinants: of each flow's matrix, for one step of time.
    """

    z: Tensor
    log_scales: list[Tensor]
    log_determinants: list[Tensor]


class WaveGlow(NoiseDrivenGenerator):
    """The flow in both directions.

    Args:
        sizes: see `WaveGlowSizes`.
    """

    def __init__(self, sizes: WaveGlowSizes) -> None:
        super().__init__()
        self.sizes = sizes
        mels, kernel = sizes.in_channels, sizes.upsampling_kernel
        self.upsample = nn.ConvTranspose1d(mels, mels, kernel, stride=sizes.hop_length)
        self.mixers = nn.ModuleList(InvertibleConvolution(width) for width in sizes.widths)
        self.couplings = nn.ModuleList(
            CouplingNetwork(
                width // 2, sizes.coupling, dilation_rate=2, condition_channels=mels * sizes.group
            )
            for width in sizes.widths
        )
        self.noise = FixedNoise(sizes.group)
        self.hop_length, self.source_rate = sizes.hop_length, sizes.hop_length // sizes.group
        steps = sizes.n_flows * (2**sizes.n_layers - 1) * (sizes.kernel_size // 2)
        self.context = math.ceil(steps / self.source_rate) + math.ceil(kernel / sizes.hop_length)

    def analyse(self, wav: Tensor, mel: Tensor) -> FlowOutput:
        """A waveform to noise, with what its likelihood needs.

        Args:
            wav: (B, hop_length * N).
            mel: (B, in_channels, N).
        """
        x, condition = self._grouped(wav.unsqueeze(1)), self._condition(mel)
        mask = x.new_ones(1, 1, 1)
        left, log_scales, log_determinants = [], [], []
        for flow, (mixer, coupling) in enumerate(zip(self.mixers, self.couplings, strict=True)):
            if self._leaves_before(flow):
                early, x = self._split(x)
                left.append(early)
            x, log_determinant = mixer(x)
            kept, changed = x.chunk(2, dim=1)
            offset, log_scale = coupling(kept, mask, condition)
            x = torch.cat([kept, log_scale.exp() * changed + offset], dim=1)
            log_scales.append(log_scale)
            log_determinants.append(log_determinant)
        return FlowOutput(torch.cat([*left, x], dim=1), log_scales, log_determinants)

    def forward(
        self, mel: Tensor, z: Tensor | None = None, *, wav: Tensor | None = None
    ) -> Tensor | FlowOutput:
        """Generate, or, given a waveform, find its noise (`analyse`).

        Args:
            mel: (B, in_channels, N).
            z: (B, group, source_rate * N) of deviation 1.
            wav: (B, hop_length * N).

        Returns:
            (B, 1, hop_length * N), or what `analyse` does.
        """
        if wav is not None:
            return self.analyse(wav, mel)
        return self.synthesise(mel, self.source_signal(mel) if z is None else z)

    def synthesise(self, mel: Tensor, z: Tensor) -> Tensor:
        """mel (B, in_channels, N), z (B, group, source_rate * N) of deviation 1 → (B, 1, hop_length * N)."""
        condition = self._condition(mel)
        left, x = self._early(self.sizes.sigma * z)
        mask = x.new_ones(1, 1, 1)
        for flow in range(self.sizes.n_flows - 1, -1, -1):
            kept, changed = x.chunk(2, dim=1)
            offset, log_scale = self.couplings[flow](kept, mask, condition)
            x = torch.cat([kept, (changed - offset) * (-log_scale).exp()], dim=1)
            mixer = self.mixers[flow]
            assert isinstance(mixer, InvertibleConvolution)
            x = mixer.inverse(x)
            if self._leaves_before(flow):
                x = torch.cat([left.pop(), x], dim=1)
        return x.mT.flatten(1).unsqueeze(1)

    def _condition(self, mel: Tensor) -> Tensor:
        upsampled: Tensor = self.upsample(mel)
        return self._grouped(upsampled[..., : self.hop_length * mel.shape[-1]])

    def _grouped(self, x: Tensor) -> Tensor:
        """(B, C, T) → (B, C * group, T / group)."""
        return x.unflatten(2, (-1, self.sizes.group)).transpose(2, 3).flatten(1, 2)

    def _leaves_before(self, flow: int) -> bool:
        return flow > 0 and flow % self.sizes.early_every == 0

    def _split(self, x: Tensor) -> tuple[Tensor, Tensor]:
        early, rest = x.split([self.sizes.early_size, x.shape[1] - self.sizes.early_size], dim=1)
        return early, rest

    def _early(self, z: Tensor) -> tuple[list[Tensor], Tensor]:
        left = []
        for _ in range((self.sizes.n_flows - 1) // self.sizes.early_every):
            early, z = self._split(z)
            left.append(early)
        return left, z


def flow_loss(output: FlowOutput, sigma: float) -> Tensor:
    """Negative log likelihood an element, without its constant (WaveGlow, eq. 12)."""
    batch, _, steps = output.z.shape
    squares = output.z.float().square().sum() / (2 * sigma**2)
    scales = torch.stack([log_scale.float().sum() for log_scale in output.log_scales]).sum()
    determinants = batch * steps * torch.stack(output.log_determinants).sum()
    return (squares - scales - determinants) / output.z.numel()
