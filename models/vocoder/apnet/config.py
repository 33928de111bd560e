"""What can be set in APNet and APNet2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from hiervox.models.base.config import LossWeight
from hiervox.models.vocoder._gan.config import (
    HIFIGAN_DISCRIMINATORS,
    HIFIGAN_TRAINING,
    GANVocoderExperiment,
    GANVocoderLossConfig,
)
from hiervox.models.vocoder.apnet.losses import PhaseLoss
from hiervox.models.vocoder.apnet.network import APNetSizes

SIZES = {
    "apnet": APNetSizes(),
    "apnet2": APNetSizes(blocks="convnext", hop_length=256, win_length=1024),
}


class APNetLossConfig(GANVocoderLossConfig):
    """Weights; those of the spectra as published.

    Attributes:
        phase_kind: `cosine` (APNet) or `anti_wrapped` (APNet2).
        amplitude: of the squared distance of log amplitudes.
        instantaneous_phase, group_delay, time_difference: of the phases and of their differences along
            frequency and time.
        consistency: between the predicted spectrum and that of the waveform.
        real_part, imaginary_part: of the distances of the parts.
    """

    phase_kind: PhaseLoss = "cosine"
    amplitude: LossWeight = 45.0
    instantaneous_phase: LossWeight = 100.0
    group_delay: LossWeight = 100.0
    time_difference: LossWeight = 100.0
    consistency: LossWeight = 20.0
    real_part: LossWeight = 45.0
    imaginary_part: LossWeight = 45.0


class APNetExperiment(GANVocoderExperiment):
    """A training run of APNet.

    APNet2's authors set `mel` to `apnet2`, `loss.phase_kind` to `anti_wrapped`, `loss.kind` to
    `clipped_hinge`, `loss.feature_matching` to 1, and `multi_resolution_magnitude` discriminators of `wide`
    layers, weight 0.1, in place of `scale`.
    """

    model: APNetSizes = SIZES["apnet"]
    loss: APNetLossConfig = APNetLossConfig()
    sizes: ClassVar[Mapping[str, APNetSizes]] = SIZES
    segment_frames: ClassVar[int] = 103  # just over the published 8000 samples at 16 kHz
    defaults: ClassVar[Mapping[str, Any]] = {
        "mel": "apnet",
        "discriminators": HIFIGAN_DISCRIMINATORS,
        "train": {**HIFIGAN_TRAINING, "batch_size": 16, "max_steps": 1_000_000},
    }
