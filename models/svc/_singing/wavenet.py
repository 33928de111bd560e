"""The WaveNet that takes noise out of spectrograms of singing (after DiffWave, arXiv 2009.09761)."""

from __future__ import annotations

import math

import torch
from pydantic import PositiveInt
from torch import Tensor, nn
from torch.nn import functional

from hiervox.models.base.checkpoints.block_names import Rules
from hiervox.modules.diffusion.gated_layer import GatedLayer, kaiming_convolution
from hiervox.utils.schema import Sizes

LONGEST_PERIOD = 10_000.0


class MelWaveNetSizes(Sizes):
    """Sizes of `MelWaveNet`; defaults are those of the base config.

    Attributes:
        channels, n_layers, dilation_cycle: of the residual layers; layer i is dilated by
            2 ** (i % dilation_cycle).
        step_features: sines and cosines of a step.
        step_channels: inside the network that embeds steps.
    """

    channels: PositiveInt = 384
    n_layers: PositiveInt = 20
    dilation_cycle: PositiveInt = 4
    step_features: PositiveInt = 128
    step_channels: PositiveInt = 512

    @property
    def context(self) -> int:
        """Frames on either side that one depends on."""
        return sum(2 ** (layer % self.dilation_cycle) for layer in range(self.n_layers))


class StepEmbedding(nn.Module):
    """Numbers of steps, or whatever tells the noise, as vectors.

    Args:
        sizes: see `MelWaveNetSizes`.
    """

    frequencies: Tensor

    def __init__(self, sizes: MelWaveNetSizes) -> None:
        super().__init__()
        half = sizes.step_features // 2
        places = torch.arange(half, dtype=torch.float32, device="cpu") / half
        self.register_buffer("frequencies", torch.exp(-math.log(LONGEST_PERIOD) * places), persistent=False)
        self.layers = nn.Sequential(
            nn.Linear(2 * half, sizes.step_channels),
            nn.SiLU(),
            nn.Linear(sizes.step_channels, sizes.step_channels),
            nn.SiLU(),
            nn.Linear(sizes.step_channels, sizes.channels),
        )

    def forward(self, steps: Tensor) -> Tensor:
        """(B,) → (B, channels)."""
        angles = steps.float().unsqueeze(1) * self.frequencies
        embedded: Tensor = self.layers(torch.cat([angles.cos(), angles.sin()], dim=1))
        return embedded


class MelWaveNet(nn.Module):
    """DiffWave's residual layers over the frames of a spectrogram; all see the step's one vector.

    Args:
        sizes: see `MelWaveNetSizes`.
        mel_channels: of the spectrogram.
        condition_channels: of the condition.
    """

    def __init__(self, sizes: MelWaveNetSizes, *, mel_channels: int, condition_channels: int) -> None:
        super().__init__()
        self.step = StepEmbedding(sizes)
        self.input = kaiming_convolution(mel_channels, sizes.channels)
        self.layers = nn.ModuleList(
            GatedLayer(
                sizes.channels,
                2 ** (layer % sizes.dilation_cycle),
                step_channels=None,
                condition_channels=condition_channels,
            )
            for layer in range(sizes.n_layers)
        )
        self.skip = kaiming_convolution(sizes.channels, sizes.channels)
        self.output = nn.Conv1d(sizes.channels, mel_channels, 1)
        nn.init.zeros_(self.output.weight)

    def forward(self, noisy: Tensor, steps: Tensor, condition: Tensor, mask: Tensor | None = None) -> Tensor:
        """One evaluation.

        Args:
            noisy: (B, mel_channels, N).
            steps: (B,), what tells the noise.
            condition: (B, condition_channels, N).
            mask: (B, 1, N), of what the convolutions see; None where nothing is padded.

        Returns:
            (B, mel_channels, N).
        """
        step = self.step(steps)
        x = functional.relu(self.input(noisy))
        skips = torch.zeros_like(x)
        for layer in self.layers:
            x, skip = layer(x, step, condition, mask)
            skips = skips + skip
        made: Tensor = self.output(functional.relu(self.skip(skips / math.sqrt(len(self.layers)))))
        return made


def wavenet_rules(published: str, ours: str) -> Rules:
    """Rules of a published WaveNet, by what its names begin with in either model."""
    return (
        (rf"^{published}diff_encoder\.out\.", f"{ours}step.layers."),
        (rf"^{published}neural_network\.input\.0\.", f"{ours}input."),
        (rf"^{published}neural_network\.residual_blocks\.(\d+)\.gau\.conv\.", rf"{ours}layers.\1.dilated."),
        (
            rf"^{published}neural_network\.residual_blocks\.(\d+)\.gau\.context_proj\.",
            rf"{ours}layers.\1.condition.",
        ),
        (rf"^{published}neural_network\.residual_blocks\.(\d+)\.out_proj\.", rf"{ours}layers.\1.output."),
        (rf"^{published}neural_network\.out_proj\.0\.", f"{ours}skip."),
        (rf"^{published}neural_network\.out_proj\.2\.", f"{ours}output."),
    )


def gates_first(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Published tensors whose residual layers have the halves of signal and gate in our order."""
    return {
        name: torch.cat(tensor.chunk(2)[::-1]) if ".gau." in name else tensor
        for name, tensor in weights.items()
    }


def wavenet_sizes(weights: dict[str, Tensor], prefix: str, dilation_cycle: int) -> MelWaveNetSizes:
    """Sizes of a published WaveNet, whose names begin with `prefix`."""
    layers = {
        name.split("residual_blocks.")[1].split(".")[0]
        for name in weights
        if f"{prefix}neural_network.residual_blocks." in name
    }
    step_channels, step_features = weights[f"{prefix}diff_encoder.out.0.weight"].shape
    return MelWaveNetSizes(
        channels=weights[f"{prefix}neural_network.input.0.bias"].shape[0],
        n_layers=len(layers),
        dilation_cycle=dilation_cycle,
        step_features=step_features,
        step_channels=step_channels,
    )
