"""From log-mel spectrograms to sound with vocoders that draw one sample after another."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from typing_extensions import Self

from hiervox.models.base.pipelines.protocols import Mel
from hiervox.models.vocoder._autoregressive.config import AutoregressiveVocoderExperiment
from hiervox.models.vocoder.config import VocoderExperiment
from hiervox.models.vocoder.pipeline import VocoderPipeline
from hiervox.modules.autoregressive.generation import AutoregressiveGenerator, Folding
from hiervox.modules.generators.vocoder import VocoderGenerator
from hiervox.processors.audio import Waveform
from hiervox.processors.pitch import PitchConfig
from hiervox.processors.pre_emphasis import DeEmphasis, PreEmphasisConfig
from hiervox.processors.spectrogram import SpectrogramConfig


class AutoregressiveVocoderPipeline(VocoderPipeline):
    """A vocoder that draws samples, whose pre-emphasis is undone.

    Args:
        network, mel, pitch: as of `VocoderPipeline`.
        pre_emphasis: of the waveforms that the network was trained to draw.
    """

    def __init__(
        self,
        network: VocoderGenerator,
        mel: SpectrogramConfig,
        pitch: PitchConfig | None = None,
        pre_emphasis: PreEmphasisConfig | None = None,
    ) -> None:
        super().__init__(network, mel, pitch)
        self.pre_emphasis = pre_emphasis or PreEmphasisConfig()

    @classmethod
    def of(cls, network: VocoderGenerator, experiment: VocoderExperiment) -> Self:
        """The pipeline of a network that was trained as `experiment` says."""
        assert isinstance(experiment, AutoregressiveVocoderExperiment)
        return cls(network, experiment.mel, experiment.features.pitch, experiment.pre_emphasis)

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
        drawn = self.network.folded(batch, source, folding or Folding())
        wav: Waveform = next(self._de_emphasized(iter([drawn]))).reshape(-1).cpu().numpy()
        return wav

    def _chunks(self, mel: Tensor, source: Tensor | None, frames: int) -> Iterator[Tensor]:
        assert isinstance(self.network, AutoregressiveGenerator) and source is not None
        return self._de_emphasized(self.network.stream(mel, source, frames))

    def _de_emphasized(self, chunks: Iterator[Tensor]) -> Iterator[Tensor]:
        """Chunks (B, 1, T) as recordings are, cut at full scale, which a network may now pass."""
        if not self.pre_emphasis.changes:
            yield from chunks
            return
        undo = DeEmphasis(self.pre_emphasis)
        for chunk in chunks:
            yield undo(chunk).clamp(-1, 1)
