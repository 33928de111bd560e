"""Training of Matcha-TTS (arXiv 2309.03199, section 2)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.cut_task import CutTrainingTask
from hiervox.models.base.training.task import Media
from hiervox.models.tts.blanks import spaced, spaced_length
from hiervox.models.tts.drawn_frames import noise_of
from hiervox.models.tts.matcha_tts.config import STEPS, TEMPERATURE, MatchaExperiment
from hiervox.models.tts.matcha_tts.networks.matcha_tts import MatchaOutput, MatchaTts
from hiervox.modules.functional.gaussian import sample_gaussian
from hiervox.modules.losses.counts import real_count
from hiervox.processors.spectrogram import log_mel
from hiervox.utils.plots import alignment_figure, spectrogram_figure


class MatchaTask(CutTrainingTask[MatchaExperiment]):
    """One network under the name `main`."""

    fields: ClassVar[frozenset[str]] = frozenset({"wav", "tokens", "speaker"})

    def usable(self, frames: int, tokens: int | None) -> bool:
        """Whether a clip is within `limits` and has a frame for each of its tokens and blanks."""
        if tokens is None or not self.config.limits.allow(frames, tokens):
            return False
        return frames >= spaced_length(tokens, self.config.model.blanks)

    def build_networks(self) -> dict[str, nn.Module]:
        """The network under the name `main`."""
        return {self.main: MatchaTts(self.config.model)}

    def forward(self, networks: Mapping[str, nn.Module], batch: Batch) -> MatchaOutput:
        """The training pass."""
        tokens, lengths = spaced(batch["tokens"], batch["token_lengths"], self.config.model.blanks)
        mel = log_mel(batch["wav"], self.config.mel)
        output: MatchaOutput = networks[self.main](mel, batch["frames"], tokens, lengths, batch["speaker"])
        return output

    def losses(
        self, phase: str, networks: Mapping[str, nn.Module], batch: Batch, output: MatchaOutput, step: int
    ) -> dict[str, Tensor]:
        """`flow`, `prior` and `duration`."""
        return matcha_losses(output)

    def weights(self, step: int) -> Mapping[str, float]:
        """Those of the config."""
        return self.config.loss.at(step)

    def teacher_forced(self, network: nn.Module, batch: Batch) -> Tensor:
        """Log-mel (B, M, N) of recordings' texts, for vocoders that are to learn from it.

        Durations are those of the network's own alignment search; noise is that of inference, an utterance
        always with the same.

        Raises:
            ValueError: a clip has fewer frames than tokens.
        """
        assert isinstance(network, MatchaTts)
        output = self.forward({self.main: network}, batch)
        zeros = torch.zeros_like(output.mean)
        drawn = sample_gaussian(zeros, zeros, output.mask, TEMPERATURE, noise_of(batch["ids"]))
        mel = network.sample(drawn, output.mean, output.mask, output.style, STEPS, "euler")
        return mel[:, :, : int(batch["frames"].max())]

    @torch.no_grad()
    def media(self, networks: Mapping[str, nn.Module], batch: Batch) -> Media:
        """The first clip: its log-mel, what its text becomes, and how its text is aligned."""
        network = networks[self.main]
        assert isinstance(network, MatchaTts)
        first = {name: value[:1] for name, value in batch.items()}
        output = self.forward(networks, first)
        count = int(first["frames"])
        tokens, lengths = spaced(first["tokens"], first["token_lengths"], self.config.model.blanks)
        spoken = network.infer(tokens[:, : int(lengths)], lengths, output.style)
        recorded = network.denormalise(output.mel)[0, :, :count]
        figures = {
            "mel/recorded": spectrogram_figure(recorded.float().cpu(), "recorded"),
            "mel/spoken": spectrogram_figure(spoken.frames[0].float().cpu(), "spoken"),
            "alignment": alignment_figure(output.alignment[0].cpu()),
        }
        return Media(figures=figures)


def matcha_losses(output: MatchaOutput) -> dict[str, Tensor]:
    """`flow` and `prior` an element, `duration` a token (sections 2.2 and 2.3).

    The published code also counts the noise of padded frames in `flow`, which has no gradient.
    """
    elements = real_count(output.mask) * output.mel.shape[1]
    flow = (output.velocity.float() - output.target_velocity.float()).square().sum() / elements
    squares = ((output.mel.float() - output.mean.float()) * output.mask).square().sum() / elements
    error = (output.log_durations.float() - output.target_log_durations).square()
    return {
        "flow": flow,
        "prior": 0.5 * (squares + math.log(2 * math.pi)),
        "duration": error.sum() / real_count(output.token_mask),
    }
