"""What WaveGrad 2 computes in float32 whatever the rest is computed in."""

from __future__ import annotations

from hiervox.models.tts.wavegrad2.networks.recurrent_predictor import RecurrentPredictor
from hiervox.modules.kernels.rules import stays_outside_autocast

stays_outside_autocast(RecurrentPredictor)  # durations, which are summed, and ranges
