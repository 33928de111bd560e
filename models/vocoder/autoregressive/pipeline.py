"""From log-mel spectrograms to sound with vocoders that draw one sample after another."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from hiervox.models.base.pipelines.protocols import Mel
from hiervox.models.vocoder.pipeline import VocoderPipeline
from hiervox.modules.autoregressive.generation import AutoregressiveGenerator, Folding
from hiervox.processors.audio import Waveform


class AutoregressiveVocoderPipeline(VocoderPipeline):
    """The pipeline of WaveRNN and WaveNet."""

    @torch.inference_mode()
    def vocode_folded(self, mel: Mel, folding: Folding | None = None) -> Waveform:
        """Log-mel (M, N) to a waveform (T,), several times as quick and not quite the same.

        The utterance is cut into pieces that overlap, and all are generated side by side.

        Raises:
            AudioError: as `vocode`.
        """
        self._check(mel, None)
        batch, source = self._prepared([mel], None)
        assert isinstance(self.network, AutoregressiveGenerator) and source is not None
        wav: Waveform = self.network.folded(batch, source, folding or Folding()).reshape(-1).cpu().numpy()
        return wav

    def _chunks(self, mel: Tensor, source: Tensor | None, frames: int) -> Iterator[Tensor]:
        assert isinstance(self.network, AutoregressiveGenerator) and source is not None
        return self.network.stream(mel, source, frames)
