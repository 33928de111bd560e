"""The stochastic duration predictor (VITS, arXiv 2106.06103, section 2.2.2 and appendix B.2)."""

from __future__ import annotations

import math

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from hiervox.modules.flows.spline import rational_quadratic_spline
from hiervox.modules.functional.gaussian import Noise, sample_gaussian
from hiervox.modules.normalization.layer_norm import ChannelLayerNorm
from hiervox.modules.predictors.variance import VariancePredictorSizes

N_DILATED_LAYERS = 3  # VITS, appendix B.2
N_BINS = 10  # VITS, appendix B.2
TAIL_BOUND = 5.0  # the published VITS code; the paper names none
SMALLEST_DURATION = 1e-5  # before its logarithm is taken


class DilatedSeparableConvs(nn.Module):
    """Residual depth-separable convolutions, the dilation growing by the kernel size.

    Args:
        channels: of input and output.
        kernel_size: odd.
        dropout: after each layer.
    """

    def __init__(self, channels: int, kernel_size: int, dropout: float) -> None:
        super().__init__()
        self.depthwise = nn.ModuleList()
        self.pointwise = nn.ModuleList()
        self.depthwise_norms = nn.ModuleList()
        self.pointwise_norms = nn.ModuleList()
        for layer in range(N_DILATED_LAYERS):
            dilation = kernel_size**layer
            padding = dilation * (kernel_size - 1) // 2
            self.depthwise.append(
                nn.Conv1d(
                    channels, channels, kernel_size, dilation=dilation, padding=padding, groups=channels
                )
            )
            self.pointwise.append(nn.Conv1d(channels, channels, 1))
            self.depthwise_norms.append(ChannelLayerNorm(channels))
            self.pointwise_norms.append(ChannelLayerNorm(channels))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(B, C, L) and (B, 1, L) to (B, C, L)."""
        layers = zip(self.depthwise, self.depthwise_norms, self.pointwise, self.pointwise_norms, strict=True)
        for depthwise, depthwise_norm, pointwise, pointwise_norm in layers:
            y = F.gelu(depthwise_norm(depthwise(x * mask)))
            y = F.gelu(pointwise_norm(pointwise(y)))
            x = x + self.dropout(y)
        return x * mask


class SplineCoupling(nn.Module):
    """A coupling of two channels: the first chooses the spline that the second goes through."""

    def __init__(self, hidden_channels: int, kernel_size: int) -> None:
        super().__init__()
        self.pre = nn.Conv1d(1, hidden_channels, 1)
        self.convs = DilatedSeparableConvs(hidden_channels, kernel_size, dropout=0.0)
        self.projection = nn.Conv1d(hidden_channels, 3 * N_BINS - 1, 1)
        for parameter in self.projection.parameters():
            nn.init.zeros_(parameter)
        self.scale = hidden_channels**-0.5

    def forward(
        self, z: Tensor, mask: Tensor, condition: Tensor, inverse: bool = False
    ) -> tuple[Tensor, Tensor]:
        """(B, 2, L), (B, 1, L) and (B, H, L) to (B, 2, L) and the log-determinant (B,)."""
        kept, changed = z.chunk(2, dim=1)
        hidden = self.convs(self.pre(kept) + condition, mask)
        spline = (self.projection(hidden) * mask).transpose(1, 2)
        widths, heights, derivatives = spline.split([N_BINS, N_BINS, N_BINS - 1], dim=-1)
        outputs, log_derivative = rational_quadratic_spline(
            changed.squeeze(1), widths * self.scale, heights * self.scale, derivatives, TAIL_BOUND, inverse
        )
        z = torch.cat([kept, outputs.unsqueeze(1)], dim=1) * mask
        return z, (log_derivative * mask.squeeze(1)).sum(1)


class DurationFlow(nn.Module):
    """An affine layer and spline couplings with channel flips between, on two channels."""

    def __init__(self, hidden_channels: int, kernel_size: int, n_couplings: int) -> None:
        super().__init__()
        self.offset = nn.Parameter(torch.zeros(2, 1))
        self.log_scale = nn.Parameter(torch.zeros(2, 1))
        self.couplings = nn.ModuleList(
            SplineCoupling(hidden_channels, kernel_size) for _ in range(n_couplings)
        )

    def forward(self, z: Tensor, mask: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 2, L), (B, 1, L) and (B, H, L) to (B, 2, L) and the log-determinant (B,)."""
        z = (self.offset + torch.exp(self.log_scale) * z) * mask
        log_determinant = (self.log_scale * mask).sum((1, 2))
        for coupling in self.couplings:
            z, change = coupling(z, mask, condition)
            z = z.flip(1)
            log_determinant = log_determinant + change
        return z, log_determinant

    def inverse(self, z: Tensor, mask: Tensor, condition: Tensor) -> Tensor:
        """(B, 2, L) noise to (B, 2, L), of which only channel 0 is right.

        The coupling nearest to the data changes channel 1 alone, which nobody reads, so it is not undone.
        """
        for coupling in reversed(self.couplings[1:]):
            z, _ = coupling(z.flip(1), mask, condition, inverse=True)
        z = z.flip(1)
        return (z - self.offset) * torch.exp(-self.log_scale) * mask


class StochasticDurationSizes(VariancePredictorSizes):
    """Sizes of `StochasticDurationPredictor`: those of its condition networks, whose flows have no dropout.

    Attributes:
        n_couplings: of the flow and of the posterior flow each; inference leaves out the first.
    """

    n_couplings: int = Field(4, ge=2)


class StochasticDurationPredictor(nn.Module):
    """Distribution of phoneme durations, by variational dequantisation and augmentation of a flow.

    Args:
        in_channels: of the text's hidden sequence.
        sizes: see `StochasticDurationSizes`.
        style_channels: of the style vector; 0 where there is none.
    """

    def __init__(self, in_channels: int, sizes: StochasticDurationSizes, *, style_channels: int = 0) -> None:
        super().__init__()
        filter_channels, kernel_size, dropout = sizes.filter_channels, sizes.kernel_size, sizes.dropout
        self.text_pre = nn.Conv1d(in_channels, filter_channels, 1)
        if style_channels:
            self.style_projection = nn.Conv1d(style_channels, filter_channels, 1)
        self.text_convs = DilatedSeparableConvs(filter_channels, kernel_size, dropout)
        self.text_post = nn.Conv1d(filter_channels, filter_channels, 1)
        self.flow = DurationFlow(filter_channels, kernel_size, sizes.n_couplings)

        self.duration_pre = nn.Conv1d(1, filter_channels, 1)
        self.duration_convs = DilatedSeparableConvs(filter_channels, kernel_size, dropout)
        self.duration_post = nn.Conv1d(filter_channels, filter_channels, 1)
        self.posterior_flow = DurationFlow(filter_channels, kernel_size, sizes.n_couplings)

    def forward(
        self,
        hidden: Tensor,
        mask: Tensor,
        style: Tensor | None,
        durations: Tensor,
        noise: Tensor | None = None,
    ) -> Tensor:
        """Negative variational lower bound of the durations' log-likelihood, summed over each item's tokens.

        No gradient flows back into `hidden` and `style`.

        Args:
            hidden: (B, in_channels, L).
            mask: (B, 1, L).
            style: (B, style_channels, 1), or None.
            durations: (B, 1, L) in frames.
            noise: (B, 2, L), standard normal; drawn here where None.

        Returns:
            (B,).
        """
        text = self._text_condition(hidden, mask, style)
        duration = self.duration_convs(self.duration_pre(durations), mask)
        posterior_condition = text + self.duration_post(duration) * mask

        if noise is None:
            noise = torch.randn_like(durations.expand(-1, 2, -1))
        noise = noise * mask
        posterior, posterior_log_determinant = self.posterior_flow(noise, mask, posterior_condition)
        dequantiser, augmentation = posterior.chunk(2, dim=1)
        log_squeezing = F.logsigmoid(dequantiser) + F.logsigmoid(-dequantiser)  # of the sigmoid's derivative
        log_posterior = _standard_normal_log_density(noise, mask) - posterior_log_determinant
        log_posterior = log_posterior - (log_squeezing * mask).sum((1, 2))

        continuous = (durations - torch.sigmoid(dequantiser)) * mask
        log_durations = torch.log(continuous.clamp_min(SMALLEST_DURATION)) * mask
        z, log_determinant = self.flow(torch.cat([log_durations, augmentation], dim=1), mask, text)
        log_likelihood = _standard_normal_log_density(z, mask) + log_determinant - log_durations.sum((1, 2))
        return log_posterior - log_likelihood

    @torch.no_grad()
    def sample(
        self,
        hidden: Tensor,
        mask: Tensor,
        style: Tensor | None = None,
        noise_scale: float = 1.0,
        generator: Noise = None,
    ) -> Tensor:
        """Draw log-durations (log-frames) (B, 1, L); `noise_scale` 0 gives those of the flow's centre."""
        centre = torch.zeros_like(hidden[:, :2])
        noise = sample_gaussian(centre, centre, mask, noise_scale, generator)
        return self.log_durations(hidden, mask, style, noise)

    def log_durations(self, hidden: Tensor, mask: Tensor, style: Tensor | None, noise: Tensor) -> Tensor:
        """The log-durations (B, 1, L) that `noise` (B, 2, L), masked, becomes."""
        return self.flow.inverse(noise, mask, self._text_condition(hidden, mask, style))[:, :1]

    def _text_condition(self, hidden: Tensor, mask: Tensor, style: Tensor | None) -> Tensor:
        text = self.text_pre(hidden.detach())
        if style is not None:
            text = text + self.style_projection(style.detach())
        return self.text_post(self.text_convs(text, mask)) * mask


def _standard_normal_log_density(z: Tensor, mask: Tensor) -> Tensor:
    return (-0.5 * (math.log(2 * math.pi) + z.square()) * mask).sum((1, 2))
