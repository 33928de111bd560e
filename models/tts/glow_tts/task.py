"""Training of Glow-TTS (arXiv 2005.11129)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hiervox.models.base.data.batch import Batch
from hiervox.models.tts._flow.config import NOISE_SCALE
from hiervox.models.tts._flow.network import FlowTextToFrames
from hiervox.models.tts._flow.task import FlowTask
from hiervox.models.tts.drawn_frames import noise_of
from hiervox.models.tts.glow_tts.config import GlowTtsExperiment
from hiervox.modules.functional.gaussian import sample_gaussian
from hiervox.processors.spectrogram import log_mel


class GlowTtsTask(FlowTask[GlowTtsExperiment]):
    """Frames are the log-mel spectrogram of the clips."""

    def frames(self, batch: Batch, training: bool) -> Tensor:
        """Log-mel (B, n_mels, N), in training of the dithered waveform."""
        wav = batch["wav"]
        if training and self.config.dither:
            wav = wav + self.config.dither * torch.rand_like(wav)
        return log_mel(wav, self.config.mel)

    def teacher_forced(self, network: nn.Module, batch: Batch) -> Tensor:
        """Log-mel (B, M, N) of recordings' texts, for vocoders that are to learn from it.

        Durations are those of the network's own alignment search; frames are drawn from the aligned prior at
        the default temperature of inference, an utterance always with the same noise. Where the flow takes
        frames in pairs, an odd last frame repeats the one before.

        Raises:
            ValueError: a clip has fewer frames than tokens.
        """
        output = self.forward({self.main: network}, batch)
        assert isinstance(network, FlowTextToFrames)
        longest = int(batch["frames"].max())
        size = network.flow.whole(longest)
        mean, log_std, mask = (x[:, :, :size] for x in (output.mean, output.log_std, output.mask))
        frames = self.frames(batch, training=False)[:, :, :size]
        style = network.frame_style(frames, mask, self._speakers(batch))
        z = sample_gaussian(mean, log_std, mask, NOISE_SCALE, noise_of(batch["ids"]))
        mel = network.flow.inverse(z, mask, style)
        missing = longest - mel.shape[2]
        return torch.cat([mel, mel[:, :, -1:].expand(-1, -1, missing)], dim=2)
