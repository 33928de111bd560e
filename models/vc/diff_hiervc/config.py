"""What can be set in Diff-HierVC. Defaults are those of the published code."""

from __future__ import annotations

from hiervox.models.base.config import LossWeight, LossWeights
from hiervox.models.vc._diffusion.config import ConversionExperiment
from hiervox.models.vc.diff_hiervc.networks.diff_hiervc import DiffHierVCSizes


class DiffHierVCLossConfig(LossWeights):
    """Weights of the loss terms.

    Attributes:
        pitch_diffusion, voice_diffusion: squared errors of the scores as estimates of the noise.
        hidden_bins: L1 of the estimate in the bands of the spectrogram that were set to zero.
        log_f0, mel: L1 of the priors.
    """

    pitch_diffusion: LossWeight = 1.0
    voice_diffusion: LossWeight = 1.0
    hidden_bins: LossWeight = 1.0
    log_f0: LossWeight = 1.0
    mel: LossWeight = 1.0


class DiffHierVCExperiment(ConversionExperiment):
    """A training run of Diff-HierVC.

    Attributes:
        loss: weights.
    """

    model: DiffHierVCSizes = DiffHierVCSizes()
    loss: DiffHierVCLossConfig = DiffHierVCLossConfig()
