"""What can be set of durations, pitch and energy, and what that does to their predictions."""

from __future__ import annotations

from pydantic import Field
from torch import Tensor

from hiervox.models.base.pipelines.controls import PitchControls
from hiervox.models.base.pipelines.pitch_control import asked_pitch, shape_pitch
from hiervox.models.base.pipelines.pitch_curve import stretch_pitch
from hiervox.models.base.pipelines.token_sequence import TokenSequence
from hiervox.models.tts._variance.durations import expand_by_durations, mean_by_durations
from hiervox.models.tts._variance.variance_adaptor import (
    Variance,
    VarianceAdaptor,
    VarianceControls,
)
from hiervox.models.tts.durations import require_speakable
from hiervox.utils.errors import ConfigError

LOWEST_HZ = 40.0
"""Predicted F0 under it is unvoiced."""
MAX_FRAMES_PER_TOKEN = 100  # over a second to each symbol; speech has 1 to 10 frames


class VarianceSpeechControls(PitchControls):
    """Each does what it says (arXiv 2006.04558, section 2.3); the published code has none in semitones."""

    speed: float = Field(1.0, ge=0.1, le=10, allow_inf_nan=False, description="over 1 is faster")
    energy: float = Field(1.0, ge=0, le=5, allow_inf_nan=False, description="factor of the energy")


def variance_controls(
    sequence: TokenSequence, controls: VarianceSpeechControls, adaptor: VarianceAdaptor
) -> VarianceControls:
    """What a token sequence's markup and the controls ask for, for a batch of this one."""

    def durations(log_durations: Tensor) -> Tensor:
        rates = log_durations.new_tensor([sequence.rates]) * controls.speed
        frames = (log_durations.exp() - 1).clamp_min(0)
        require_speakable(frames.mean(1), MAX_FRAMES_PER_TOKEN)
        return (frames / rates).round().long()

    def pitch(values: Tensor, frames: Tensor) -> Tensor:
        return _changed_pitch(values, frames, sequence, controls, adaptor.pitch)

    def energy(values: Tensor, frames: Tensor) -> Tensor:
        if controls.energy == 1:
            return values
        statistics = adaptor.energy.statistics
        return statistics.normalise(statistics.restore(values) * controls.energy)

    return VarianceControls(durations, pitch, energy)


def predicted_hz(values: Tensor, variance: Variance) -> Tensor:
    """Values as they are embedded, any shape, in Hz; 0 where unvoiced."""
    hz = variance.statistics.restore(values)
    return hz * (hz >= LOWEST_HZ)


def _changed_pitch(
    values: Tensor,
    frames: Tensor,
    sequence: TokenSequence,
    controls: VarianceSpeechControls,
    variance: Variance,
) -> Tensor:
    """Shifted, spread, or replaced by a given curve; values (1, 1, T), durations (1, L)."""
    by_token = asked_pitch(sequence, controls)
    if sequence.f0 is None and by_token.neutral:
        return values
    if variance.normalised and not variance.statistics.seen:
        raise ConfigError(
            "the model does not know the mean of its pitch, which can't be changed so",
            "import it with its stats, or train it",
        )
    if sequence.f0 is not None:
        total = max(1, int(frames.sum()))
        hz = values.new_tensor(stretch_pitch(sequence.f0, total)).expand(1, 1, -1)
        if variance.level == "token":
            voiced = mean_by_durations((hz > 0).float(), frames)
            hz = mean_by_durations(hz, frames) / voiced.clamp_min(1e-6)
    else:
        hz = predicted_hz(values, variance)
    asked = values.new_tensor([by_token]).transpose(0, 1)  # (2, 1, L)
    if variance.level == "frame":
        asked = expand_by_durations(asked, frames.expand(2, -1), hz.shape[2])
    shaped = shape_pitch(hz.log1p(), asked[0][None], asked[1][None]).expm1()
    changed = variance.statistics.normalise(shaped)
    # what is unvoiced stays as it was predicted
    return changed.where(shaped > 0, values)
