"""Training of Glow-TTS (arXiv 2005.11129)."""

from __future__ import annotations

import torch
from torch import Tensor

from hiervox.models.base.training.task import Batch
from hiervox.models.tts.flow.trainer import FlowTask
from hiervox.models.tts.glow_tts.config import GlowTtsExperiment
from hiervox.processors.spectrogram import log_mel


class GlowTtsTask(FlowTask[GlowTtsExperiment]):
    """Frames are the log-mel spectrogram of the clips."""

    def frames(self, batch: Batch, training: bool) -> Tensor:
        """Log-mel (B, n_mels, N), in training of the dithered waveform."""
        wav = batch["wav"]
        if training and self.config.dither:
            wav = wav + self.config.dither * torch.rand_like(wav)
        return log_mel(wav, self.config.mel)
