"""What can be set in TransformerSVC. Defaults are those of the published recipe."""

from __future__ import annotations

from hiervox.models.base.config import LossWeight, LossWeights
from hiervox.models.svc._singing.config import SingingExperiment
from hiervox.models.svc.transformer_svc.network import TransformerSVCSizes


class TransformerSVCLossConfig(LossWeights):
    """Weights of the loss terms.

    Attributes:
        mel: mean absolute error over frames and bins; published is the sum over 100 bins.
        ssim: one less structural similarity.
    """

    mel: LossWeight = 100.0
    ssim: LossWeight = 1.0


class TransformerSVCExperiment(SingingExperiment):
    """A training run of TransformerSVC.

    Attributes:
        loss: weights.
    """

    model: TransformerSVCSizes = TransformerSVCSizes()
    loss: TransformerSVCLossConfig = TransformerSVCLossConfig()
