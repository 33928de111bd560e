"""What attributes tell, and what they are kept from telling by gradient reversal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import torch
from pydantic import NonNegativeInt, PositiveInt, model_validator
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from hiervox.models.codec.facodec.networks.layers import LayerSizes, ResidualUnit
from hiervox.utils.schema import Sizes

Target = Literal["pitch", "phone", "speaker"]
HeadName = Literal[
    "pitch_of_prosody",
    "phone_of_content",
    "speaker_of_timbre",
    "pitch_of_content",
    "phone_of_prosody",
    "pitch_of_residual",
    "phone_of_residual",
    "speaker_of_sum",
]
WANTED: tuple[HeadName, ...] = ("pitch_of_prosody", "phone_of_content", "speaker_of_timbre")
"""Heads without gradient reversal: each attribute is to tell its own."""
DILATIONS = (1, 2, 3)
AUTHORS: tuple[HeadName, ...] = (
    "pitch_of_prosody",
    "phone_of_content",
    "pitch_of_content",
    "phone_of_prosody",
    "pitch_of_residual",
    "phone_of_residual",
    "speaker_of_sum",
)
"""Those of the paper's authors (arXiv 2403.03100, section 3.2.2)."""


class PredictorSizes(Sizes):
    """Sizes of the heads.

    Attributes:
        heads: which there are, `TARGET_of_ATTRIBUTE`; those of another attribute than the target's own learn
            against the codec.
        n_phones, n_speakers: classes; heads of a target without any are left out.
    """

    heads: tuple[HeadName, ...] = AUTHORS
    n_phones: NonNegativeInt = 5003
    n_speakers: NonNegativeInt = 0

    @model_validator(mode="after")
    def _each_once(self) -> PredictorSizes:
        if len(set(self.heads)) != len(self.heads):
            raise ValueError("heads names one twice")
        return self

    @property
    def outputs(self) -> dict[HeadName, int]:
        """Values that each head gives: F0 and energy or voicing, logits of phones or of speakers."""
        widths = {"pitch": 2, "phone": self.n_phones, "speaker": self.n_speakers}
        named = {head: widths[target_of(head)] for head in self.heads}
        return {head: width for head, width in named.items() if width}


def target_of(head: HeadName) -> Target:
    """What a head predicts."""
    target, _, _ = head.partition("_of_")
    return target  # type: ignore[return-value]


def is_reversed(head: HeadName) -> bool:
    """Whether the codec learns against a head."""
    return head not in WANTED


class _Reversal(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.view_as(x)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return -gradient


def reverse_gradient(x: Tensor) -> Tensor:
    """`x`, whose gradient changes its sign (Ganin and Lempitsky, arXiv 1409.7495, section 3)."""
    reversed_: Tensor = _Reversal.apply(x)
    return reversed_


class FramePredictor(nn.Module):
    """Three residual units and a linear layer; the published class has LSTM in its name and none inside.

    Args:
        channels: D.
        outputs: values a frame, or an item.
        pooled: whether it predicts one vector an item, from the mean over time.
    """

    def __init__(self, channels: PositiveInt, outputs: PositiveInt, *, pooled: bool = False) -> None:
        super().__init__()
        layers = LayerSizes()  # in both published forms
        self.pooled = pooled
        self.units = nn.Sequential(
            *(ResidualUnit(channels, dilation, layers) for dilation in DILATIONS), layers.activation(channels)
        )
        self.output = nn.Linear(channels, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(B, D, T) → (B, T, outputs), or (B, outputs)."""
        hidden = self.units(x).transpose(1, 2)
        result: Tensor = self.output(hidden.mean(1) if self.pooled else hidden)
        return result


class Factors(NamedTuple):
    """What speech is taken apart into.

    Attributes:
        prosody, content, residual: (B, D, N), quantised.
        timbre: (B, D).
    """

    prosody: Tensor
    content: Tensor
    residual: Tensor
    timbre: Tensor

    @property
    def sum(self) -> Tensor:
        """(B, D, N), of all but the timbre."""
        return self.prosody + self.content + self.residual


class AttributePredictors(nn.Module):
    """All heads.

    Args:
        channels: D of the attributes.
        sizes: see `PredictorSizes`.
    """

    def __init__(self, channels: int, sizes: PredictorSizes) -> None:
        super().__init__()
        self.heads = nn.ModuleDict()
        for head, outputs in sizes.outputs.items():
            if head == "speaker_of_timbre":
                self.heads[head] = nn.Linear(channels, outputs)
            else:
                pooled = target_of(head) == "speaker"
                self.heads[head] = FramePredictor(channels, outputs, pooled=pooled)

    def forward(self, factors: Factors) -> Mapping[HeadName, Tensor]:
        """What each head says: pitch (B, N, 2), phones (B, N, classes), speakers (B, classes)."""
        said: dict[HeadName, Tensor] = {}
        for name, head in self.heads.items():
            seen: Tensor = getattr(factors, name.partition("_of_")[2])
            said[name] = head(reverse_gradient(seen) if is_reversed(name) else seen)  # type: ignore[arg-type,index]
        return said
