"""The variance adaptor (FastSpeech 2, arXiv 2006.04558, section 2.3)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from hiervox.models.tts._variance.config import VarianceModelConfig, VarianceSizes
from hiervox.models.tts._variance.durations import expand_by_durations
from hiervox.modules.functional.masking import sequence_mask
from hiervox.modules.normalization.running_statistics import RunningStatistics
from hiervox.modules.predictors.variance import VariancePredictor, VariancePredictorSizes


@dataclass(frozen=True)
class VarianceTargets:
    """What is given instead of predicted in training.

    Attributes:
        durations: (B, L) whole frames, 0 on padding.
        pitch: (B, 1, L) or, at frame level, (B, 1, N), in Hz.
        energy: likewise, in its own units.
    """

    durations: Tensor
    pitch: Tensor
    energy: Tensor


def whole_frames(log_durations: Tensor) -> Tensor:
    """log(frames + 1), any shape, to whole frames, 0 or more."""
    return torch.round(log_durations.exp() - 1).clamp_min(0).long()


Change = Callable[[Tensor, Tensor], Tensor]
"""Predicted values (B, 1, T) as they are embedded, and durations (B, L), to what is spoken instead."""


Expand = Callable[[Tensor, Tensor, int | None], Tensor]


def _unchanged(values: Tensor, durations: Tensor) -> Tensor:
    return values


@dataclass(frozen=True)
class VarianceControls:
    """What is done to predictions before they are used.

    In the published code the energy's control does nothing: the pitch's is applied to both. Here each is its
    own.

    Attributes:
        durations: log(frames + 1) (B, L) to whole frames.
        pitch, energy: see `Change`.
    """

    durations: Callable[[Tensor], Tensor] = whole_frames
    pitch: Change = _unchanged
    energy: Change = _unchanged


@dataclass
class VarianceOutput:
    """What the adaptor makes.

    Attributes:
        hidden: (B, C, N).
        frame_lengths: (B,).
        durations: (B, L) whole frames.
        log_durations: (B, 1, L), predicted log(frames + 1).
        pitch, energy: (B, 1, L) or, at frame level, (B, 1, N): predicted, as they are embedded.
        pitch_target, energy_target: likewise, what was given; None where nothing was.
        pitch_mask, energy_mask: likewise, 1 where there is a token or a frame.
    """

    hidden: Tensor
    frame_lengths: Tensor
    durations: Tensor
    log_durations: Tensor
    pitch: Tensor
    energy: Tensor
    pitch_target: Tensor | None
    energy_target: Tensor | None
    pitch_mask: Tensor
    energy_mask: Tensor


class Variance(nn.Module):
    """Prediction and embedding of pitch or of energy.

    Args:
        channels: of the hidden sequence.
        sizes: of the embedding.
        predictor: of the predictor.
        statistics_batches: see `VarianceModelConfig`.
    """

    edges: Tensor

    def __init__(
        self, channels: int, sizes: VarianceSizes, predictor: VariancePredictorSizes, statistics_batches: int
    ) -> None:
        super().__init__()
        self.level, self.normalised = sizes.level, sizes.normalised
        self.predictor = VariancePredictor(channels, predictor)
        self.statistics = RunningStatistics(statistics_batches if sizes.normalised else 0)
        self.embedding: nn.Embedding | nn.Conv1d
        if sizes.embedding == "bins":
            self.register_buffer("edges", _edges(sizes))
            self.embedding = nn.Embedding(sizes.n_bins, channels)
        else:
            self.embedding = nn.Conv1d(1, channels, sizes.kernel_size, padding=sizes.kernel_size // 2)

    def embed(self, values: Tensor) -> Tensor:
        """Values (B, 1, T) as they are predicted to (B, C, T)."""
        if isinstance(self.embedding, nn.Conv1d):
            convolved: Tensor = self.embedding(values)
            return convolved
        bins = torch.bucketize(values.squeeze(1).contiguous(), self.edges)
        embedded: Tensor = self.embedding(bins)
        return embedded.mT

    def target(self, values: Tensor, mask: Tensor) -> Tensor:
        """Given values (B, 1, T) as they are to be predicted; counted while the network trains."""
        self.statistics.update(values[mask > 0])
        return self.statistics.normalise(values)


class VarianceAdaptor(nn.Module):
    """Adds durations, pitch and energy to the hidden sequence of the tokens.

    Args:
        config: of the network.
        expand: vectors of tokens (B, C, L), durations (B, L) and a length N to (B, C, N).
    """

    def __init__(self, config: VarianceModelConfig, expand: Expand = expand_by_durations) -> None:
        super().__init__()
        sizes = config.predictor
        self.expand = expand
        self.mask_padding = config.mask_padding
        self.duration_predictor = VariancePredictor(config.channels, sizes)
        self.pitch = Variance(config.channels, config.pitch, sizes, config.statistics_batches)
        self.energy = Variance(config.channels, config.energy, sizes, config.statistics_batches)

    def forward(
        self,
        hidden: Tensor,
        token_mask: Tensor,
        targets: VarianceTargets | None = None,
        controls: VarianceControls | None = None,
        frames: int | None = None,
    ) -> VarianceOutput:
        """Tokens to frames.

        Args:
            hidden: (B, C, L).
            token_mask: (B, 1, L).
            targets: what to use in place of the predictions.
            controls: of the predictions, where there are no targets.
            frames: length of the result; the longest item's where None.
        """
        controls = controls or VarianceControls()
        log_durations = self._predict(self.duration_predictor, hidden, token_mask)
        if targets is None:
            durations = controls.durations(log_durations.squeeze(1)) * token_mask.squeeze(1).long()
        else:
            durations = targets.durations
        lengths = durations.sum(1)
        values: dict[str, tuple[Tensor, Tensor | None, Tensor]] = {}
        for level in ("token", "frame"):
            mask = token_mask
            if level == "frame":
                size = max(1, int(lengths.max())) if frames is None else frames
                hidden = self.expand(hidden, durations, size)
                mask = sequence_mask(lengths, hidden.shape[2])
            for name in ("pitch", "energy"):
                variance: Variance = getattr(self, name)
                if variance.level != level:
                    continue
                predicted = self._predict(variance.predictor, hidden, mask)
                target = None
                if targets is None:
                    predicted = used = getattr(controls, name)(predicted, durations) * mask
                else:
                    used = target = variance.target(getattr(targets, name), mask)
                values[name] = predicted, target, mask
                hidden = hidden + variance.embed(used)
        pitch, energy = values["pitch"], values["energy"]
        return VarianceOutput(
            hidden=hidden,
            frame_lengths=lengths,
            durations=durations,
            log_durations=log_durations,
            pitch=pitch[0],
            energy=energy[0],
            pitch_target=pitch[1],
            energy_target=energy[1],
            pitch_mask=pitch[2],
            energy_mask=energy[2],
        )

    def _predict(self, predictor: VariancePredictor, hidden: Tensor, mask: Tensor) -> Tensor:
        return predictor.predict(hidden, mask, mask if self.mask_padding else torch.ones_like(mask))


def _edges(sizes: VarianceSizes) -> Tensor:
    """(n_bins - 1,), rising."""
    if sizes.scale == "linear":
        return torch.linspace(sizes.lowest, sizes.highest, sizes.n_bins - 1)
    return torch.linspace(math.log(sizes.lowest), math.log(sizes.highest), sizes.n_bins - 1).exp()
