"""Training of WaveGrad 2 (arXiv 2106.09660, section 2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.cut_task import CutTrainingTask
from hiervox.models.base.training.sampling import SamplingCase
from hiervox.models.base.training.task import Media
from hiervox.models.tts.wavegrad2.config import WaveGrad2Experiment
from hiervox.models.tts.wavegrad2.networks.wavegrad2 import WaveGrad2, WaveGrad2Output
from hiervox.modules.diffusion.process import NoiseSchedule
from hiervox.modules.functional.masking import sequence_mask
from hiervox.modules.losses.reconstruction import masked_l1, masked_mse
from hiervox.processors.spectrogram import log_mel
from hiervox.utils.errors import CheckpointError
from hiervox.utils.plots import alignment_figure, spectrogram_figure


class WaveGrad2Task(CutTrainingTask[WaveGrad2Experiment]):
    """The noise at a random level in a random window, and the durations of the alignment."""

    fields: ClassVar[frozenset[str]] = frozenset({"wav", "tokens", "durations", "speaker"})

    def batch_fields(self) -> frozenset[str]:
        """With the clips' spectrograms, where voices come from references."""
        return self.fields | ({"mel"} if self.config.model.voice == "reference" else set())

    def usable(self, frames: int, tokens: int | None) -> bool:
        """Whether a clip says something."""
        return bool(tokens)

    def build_networks(self) -> dict[str, nn.Module]:
        """The network, as `main`."""
        return {self.main: WaveGrad2(self.config.model)}

    def forward(self, networks: Mapping[str, nn.Module], batch: Batch) -> WaveGrad2Output:
        """The training pass."""
        output: WaveGrad2Output = networks[self.main](
            batch["wav"],
            batch["frames"],
            batch["tokens"],
            batch["token_lengths"],
            batch["durations"],
            self._voice(batch),
        )
        return output

    def losses(
        self,
        phase: str,
        networks: Mapping[str, nn.Module],
        batch: Batch,
        output: WaveGrad2Output,
        step: int,
    ) -> dict[str, Tensor]:
        """`noise`, over real samples, and `duration`, in seconds, over real tokens."""
        seconds = (batch["durations"] / self.config.model.frame_rate).unsqueeze(1)
        return {
            "noise": masked_l1(output.predicted, output.noise, output.mask),
            "duration": masked_mse(output.seconds, seconds, output.token_mask),
        }

    def weights(self, step: int) -> Mapping[str, float]:
        """Of the config's `loss`."""
        return self.config.loss.at(step)

    def media(self, networks: Mapping[str, nn.Module], batch: Batch) -> Media:
        """The first clip: recorded, and spoken from its text with its own durations and predicted ones.

        At first these are too short to be spoken, and left out.
        """
        network = networks[self.main]
        assert isinstance(network, WaveGrad2)
        tokens, lengths = batch["tokens"][:1, : int(batch["token_lengths"][0])], batch["token_lengths"][:1]
        voice = self._voice(batch)
        first = None if voice is None else voice[:1]
        style = network.style(first, sequence_mask(batch["frames"][:1], batch["frames"].max()))
        own = network.infer(tokens, lengths, style, durations=batch["durations"][:1, : tokens.shape[1]])
        schedule, mel = self.config.model.schedule(), self.config.mel
        sounds = {
            "recorded": batch["wav"][0, : int(batch["frames"][0]) * mel.hop_length],
            "own_durations": _sampled(network, own.hidden, schedule),
        }
        with suppress(CheckpointError):
            sounds["spoken"] = _sampled(network, network.infer(tokens, lengths, style).hidden, schedule)
        figures = {
            f"mel/{name}": spectrogram_figure(log_mel(sound[None].float(), mel)[0].cpu(), name)
            for name, sound in sounds.items()
        }
        figures["alignment"] = alignment_figure(own.alignment[0].cpu())
        return Media(audio={name: (wav, mel.sample_rate) for name, wav in sounds.items()}, figures=figures)

    def sampling_case(self, network: nn.Module, batch: Batch) -> SamplingCase:
        """The recordings of a batch, to be made from their texts and durations."""
        assert isinstance(network, WaveGrad2)
        mask = sequence_mask(batch["frames"], int(batch["frames"].max()))
        style = network.style(self._voice(batch), mask)
        made = network.infer(batch["tokens"], batch["token_lengths"], style, durations=batch["durations"])

        def generate(schedule: NoiseSchedule, noises: Iterable[Tensor]) -> Tensor:
            samples = made.hidden.shape[2] * network.decoder.hop_length
            return network.generate(made.hidden, schedule, (noise[:, :samples] for noise in noises))

        training = self.config.model.decoder.schedule
        return SamplingCase(batch["wav"], made.frame_lengths, self.config.mel, training, generate)

    def with_schedule(self, model: Mapping[str, Any], schedule: NoiseSchedule) -> dict[str, Any]:
        """The `model` section with a schedule for inference, in place of another of its length."""
        others = [betas for betas in model["schedules"] if len(betas) != len(schedule)]
        return {**model, "schedules": [*others, schedule.betas.tolist()]}

    def _voice(self, batch: Batch) -> Tensor | None:
        """What the network reads the voice from, by the way that the config names."""
        kind = self.config.model.voice
        if kind == "none":
            return None
        voice: Tensor = batch["speaker" if kind == "table" else "mel"]
        return voice


def _sampled(network: WaveGrad2, hidden: Tensor, schedule: NoiseSchedule) -> Tensor:
    """(1, C, N) → (T,)."""

    def noises() -> Iterator[Tensor]:
        while True:
            yield torch.randn(1, hidden.shape[2] * network.decoder.hop_length, device=hidden.device)

    return network.generate(hidden, schedule, noises())[0]
