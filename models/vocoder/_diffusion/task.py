"""Training of diffusion vocoders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.sampling import SamplingCase
from hiervox.models.base.training.task import Media
from hiervox.models.base.training.unwrapping import unwrapped
from hiervox.models.vocoder._diffusion.config import DiffusionVocoderExperiment
from hiervox.models.vocoder.training import (
    PredictedMels,
    build_network,
    compared,
    run,
    whole_frames,
)
from hiervox.modules.diffusion.process import DiffusionGenerator, NoiseSchedule, add_noise


class DiffusionVocoderTask(PredictedMels[DiffusionVocoderExperiment]):
    """A network that tells the noise in waveforms at random noise levels, by L1."""

    fields: ClassVar[frozenset[str]] = frozenset({"wav"})

    def build_networks(self) -> dict[str, nn.Module]:
        """The network that the system's card names, as `main`."""
        return {self.main: build_network(self.config)}

    def forward(self, networks: Mapping[str, nn.Module], batch: Batch) -> tuple[Tensor, Tensor]:
        """The noise (B, T) that was added, and what the network takes for it."""
        network, wav = networks[self.main], batch["wav"]
        generator = unwrapped(network)
        assert isinstance(generator, DiffusionGenerator)
        levels = generator.draw_levels(len(wav), wav.device)
        noise = torch.randn_like(wav)
        noisy = add_noise(wav, levels.signal.unsqueeze(1), noise)
        return noise, network(self.input_frames(batch), noisy=noisy, code=levels.code)

    def losses(
        self,
        phase: str,
        networks: Mapping[str, nn.Module],
        batch: Batch,
        output: tuple[Tensor, Tensor],
        step: int,
    ) -> dict[str, Tensor]:
        """Mean absolute error of the noise."""
        noise, predicted = output
        return {"noise": functional.l1_loss(predicted.float(), noise.float())}

    def sampling_case(self, network: nn.Module, batch: Batch) -> SamplingCase:
        """The recordings of a batch, to be made from their spectrograms."""
        generator, wav = unwrapped(network), batch["wav"]
        assert isinstance(generator, DiffusionGenerator)
        mel = whole_frames(wav, self.config.mel)

        def generate(schedule: NoiseSchedule, noises: Iterable[Tensor]) -> Tensor:
            whole = (noise[:, : mel.shape[2] * generator.hop_length] for noise in noises)
            return generator.generate(mel, schedule, generator.codes_of(schedule), whole)

        frames = torch.full((len(wav),), mel.shape[2], device=wav.device)
        return SamplingCase(wav, frames, self.config.mel, generator.schedule, generate)

    def with_schedule(self, model: Mapping[str, Any], schedule: NoiseSchedule) -> dict[str, Any]:
        """The `model` section with a schedule for inference."""
        return {**model, "sampling_betas": schedule.betas.tolist()}

    def media(self, networks: Mapping[str, nn.Module], batch: Batch) -> Media:
        """The first segment as recorded and as sampled."""
        wav = batch["wav"][:1]
        made = run(networks[self.main], whole_frames(wav, self.config.mel))
        return compared(wav[0], made[0, 0], self.config.mel)
