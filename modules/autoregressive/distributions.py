"""Distributions that a network gives for the next sample of a waveform."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor
from torch.nn import functional

SMALLEST_UNIFORM = 1e-5
"""Uniform draws keep this far from 0 and 1, as published."""
LEAST_MASS = 1e-5
"""Where a bin holds less of a logistic, its density in the middle of the bin stands for the mass."""


class Distribution(ABC):
    """What a network's output means. A sample is a symbol: a value in [-1, 1] or a class.

    Attributes:
        parameters: channels of the network's output.
        draws: uniform numbers that a sample takes.
    """

    parameters: int
    draws: int = 1

    @abstractmethod
    def negative_log_likelihood(self, parameters: Tensor, symbols: Tensor) -> Tensor:
        """(B, T, parameters), (B, T) → (B, T)."""

    @abstractmethod
    def sample(self, parameters: Tensor, uniforms: Tensor) -> Tensor:
        """(B, parameters), (B, draws) in (0, 1) → symbols (B,)."""

    def encode(self, wav: Tensor) -> Tensor:
        """Waveform in [-1, 1] to symbols of the same shape."""
        return wav

    def decode(self, symbols: Tensor) -> Tensor:
        """Symbols to a waveform in [-1, 1]."""
        return symbols


class MixtureOfLogistics(Distribution):
    """A discretised mixture of logistics (PixelCNN++, arXiv 1701.05517, section 2.1).

    Args:
        components: of the mixture.
        levels: of the quantised waveform.
        least_log_scale: narrower logistics count as this wide.
    """

    def __init__(
        self, components: int = 10, levels: int = 2**16, least_log_scale: float = math.log(1e-14)
    ) -> None:
        self.components, self.levels, self.least_log_scale = components, levels, least_log_scale
        self.parameters, self.draws = 3 * components, components + 1

    def negative_log_likelihood(self, parameters: Tensor, symbols: Tensor) -> Tensor:
        """(B, T, 3 * components), values (B, T) → (B, T)."""
        logits, means, log_scales = parameters.float().chunk(3, dim=-1)
        log_scales = log_scales.clamp(min=self.least_log_scale)
        value, half_bin = symbols.float().unsqueeze(-1), 1 / (self.levels - 1)
        inverse = (-log_scales).exp()
        above, below = inverse * (value - means + half_bin), inverse * (value - means - half_bin)
        mass = above.sigmoid() - below.sigmoid()
        middle = inverse * (value - means)
        density = middle - log_scales - 2 * functional.softplus(middle) - math.log((self.levels - 1) / 2)
        inner = torch.where(mass > LEAST_MASS, mass.clamp(min=1e-12).log(), density)
        lowest, highest = functional.logsigmoid(above), functional.logsigmoid(-below)
        log_mass = torch.where(value < -0.999, lowest, torch.where(value > 0.999, highest, inner))
        return -torch.logsumexp(log_mass + logits.log_softmax(dim=-1), dim=-1)

    def sample(self, parameters: Tensor, uniforms: Tensor) -> Tensor:
        """(B, 3 * components), (B, components + 1) → (B,): the first draws choose the component."""
        logits, means, log_scales = parameters.chunk(3, dim=-1)
        safe = uniforms.clamp(SMALLEST_UNIFORM, 1 - SMALLEST_UNIFORM)
        choice = (logits - torch.log(-safe[..., :-1].log())).argmax(dim=-1, keepdim=True)
        mean = means.gather(-1, choice).squeeze(-1)
        log_scale = log_scales.gather(-1, choice).squeeze(-1).clamp(min=self.least_log_scale)
        return (mean + log_scale.exp() * safe[..., -1].logit()).clamp(-1, 1)


class Gaussian(Distribution):
    """One normal distribution (ClariNet, arXiv 1807.07281, section 3.1).

    Args:
        least_log_scale: narrower ones count as this wide.
    """

    parameters = 2

    def __init__(self, least_log_scale: float = -7.0) -> None:
        self.least_log_scale = least_log_scale

    def negative_log_likelihood(self, parameters: Tensor, symbols: Tensor) -> Tensor:
        """(B, T, 2), values (B, T) → (B, T), of the density."""
        mean, log_scale = parameters.float().unbind(dim=-1)
        log_scale = log_scale.clamp(min=self.least_log_scale)
        error = (symbols.float() - mean) * (-log_scale).exp()
        return 0.5 * error.square() + log_scale + 0.5 * math.log(2 * math.pi)

    def sample(self, parameters: Tensor, uniforms: Tensor) -> Tensor:
        """(B, 2), (B, 1) → (B,)."""
        mean, log_scale = parameters.unbind(dim=-1)
        scale = log_scale.clamp(min=self.least_log_scale).exp()
        safe = uniforms[..., 0].clamp(SMALLEST_UNIFORM, 1 - SMALLEST_UNIFORM)
        return (mean + scale * torch.special.ndtri(safe)).clamp(-1, 1)


class MuLaw(Distribution):
    """Classes of a waveform companded by the μ-law (WaveNet, arXiv 1609.03499, section 2.2).

    Args:
        classes: μ + 1.
    """

    def __init__(self, classes: int = 256) -> None:
        self.parameters, self.mu = classes, classes - 1

    def negative_log_likelihood(self, parameters: Tensor, symbols: Tensor) -> Tensor:
        """(B, T, classes), classes (B, T) → (B, T)."""
        return functional.cross_entropy(parameters.float().mT, symbols, reduction="none")

    def sample(self, parameters: Tensor, uniforms: Tensor) -> Tensor:
        """(B, classes), (B, 1) → (B,)."""
        mass = parameters.float().softmax(dim=-1).cumsum(dim=-1)
        return torch.searchsorted(mass, uniforms * mass[..., -1:]).squeeze(-1).clamp(max=self.mu)

    def encode(self, wav: Tensor) -> Tensor:
        """Waveform in [-1, 1] to classes."""
        magnitude = torch.log1p(self.mu * wav.abs().clamp(max=1)) / math.log1p(self.mu)
        return ((wav.sign() * magnitude + 1) / 2 * self.mu + 0.5).floor().long()

    def decode(self, symbols: Tensor) -> Tensor:
        """Classes to a waveform in [-1, 1]."""
        companded = self.companded(symbols)
        return companded.sign() * torch.expm1(companded.abs() * math.log1p(self.mu)) / self.mu

    def companded(self, symbols: Tensor) -> Tensor:
        """Classes to companded values in [-1, 1]."""
        return 2 * symbols.float() / self.mu - 1
