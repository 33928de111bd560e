"""Training of WaveGlow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor, nn

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.task import Media
from hiervox.models.vocoder.training import PredictedMels, build_network, compared, run, whole_frames
from hiervox.models.vocoder.waveglow.config import WaveGlowExperiment
from hiervox.models.vocoder.waveglow.network import FlowOutput, flow_loss


class WaveGlowTask(PredictedMels[WaveGlowExperiment]):
    """A flow whose waveforms are to become white noise."""

    fields: ClassVar[frozenset[str]] = frozenset({"wav"})

    def build_networks(self) -> dict[str, nn.Module]:
        """The network that the system's card names, as `main`."""
        return {self.main: build_network(self.config)}

    def forward(self, networks: Mapping[str, nn.Module], batch: Batch) -> FlowOutput:
        """What the flow makes of the segments (B, T)."""
        wav = batch["wav"]
        output: FlowOutput = networks[self.main](self.input_frames(batch), wav=wav)
        return output

    def losses(
        self, phase: str, networks: Mapping[str, nn.Module], batch: Batch, output: FlowOutput, step: int
    ) -> dict[str, Tensor]:
        """Negative log likelihood a sample."""
        return {"likelihood": flow_loss(output, self.config.sigma)}

    def media(self, networks: Mapping[str, nn.Module], batch: Batch) -> Media:
        """The first segment as recorded and as generated."""
        wav = batch["wav"][:1]
        made = run(networks[self.main], whole_frames(wav, self.config.mel))
        return compared(wav[0], made[0, 0], self.config.mel)
