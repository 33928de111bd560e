"""Training of autoregressive vocoders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.unwrapping import unwrapped
from hiervox.models.vocoder._autoregressive.config import AutoregressiveVocoderExperiment
from hiervox.models.vocoder.training import PredictedMels, build_network
from hiervox.modules.autoregressive.generation import AutoregressiveGenerator
from hiervox.processors.pre_emphasis import pre_emphasize


class AutoregressiveVocoderTask(PredictedMels[AutoregressiveVocoderExperiment]):
    """A network that tells each sample from those before it, by its likelihood."""

    fields: ClassVar[frozenset[str]] = frozenset({"wav"})

    def build_networks(self) -> dict[str, nn.Module]:
        """The network that the system's card names, as `main`."""
        return {self.main: build_network(self.config)}

    def forward(self, networks: Mapping[str, nn.Module], batch: Batch) -> Tensor:
        """Negative log likelihood (B, T) of the samples between the segment's context frames."""
        network = networks[self.main]
        wav = pre_emphasize(batch["wav"], self.config.pre_emphasis).clamp(-1, 1)
        inner = unwrapped(network)
        assert isinstance(inner, AutoregressiveGenerator)
        edge = inner.context_frames * inner.hop_length
        known = inner.distribution.encode(wav[:, edge : wav.shape[1] - edge])
        given = inner.distribution.encode(functional.pad(wav, (1, 0))[:, edge : wav.shape[1] - edge])
        parameters = network(self.input_frames(batch), symbols=given)
        return inner.distribution.negative_log_likelihood(parameters, known)

    def losses(
        self, phase: str, networks: Mapping[str, nn.Module], batch: Batch, output: Tensor, step: int
    ) -> dict[str, Tensor]:
        """Mean over the samples."""
        return {"likelihood": output.mean()}
