"""Training of a flow from text to frames (Glow-TTS, arXiv 2005.11129, section 3)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar, TypeVar

import torch
from torch import Tensor, nn

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.cut_task import CutTrainingTask
from hiervox.models.base.training.task import Media
from hiervox.models.tts._flow.config import FlowExperiment
from hiervox.models.tts._flow.network import FlowOutput, FlowTextToFrames
from hiervox.models.tts.blanks import spaced, spaced_length
from hiervox.modules.functional.masking import sequence_mask
from hiervox.modules.losses.counts import real_count
from hiervox.modules.losses.likelihood import gaussian_flow_nll
from hiervox.utils.plots import alignment_figure, spectrogram_figure

FlowExperimentT = TypeVar("FlowExperimentT", bound=FlowExperiment)


class FlowTask(CutTrainingTask[FlowExperimentT]):
    """One network, whose activation norms the first batch sets; a system says what its frames are."""

    fields: ClassVar[frozenset[str]] = frozenset({"wav", "tokens", "speaker"})

    @abstractmethod
    def frames(self, batch: Batch, training: bool) -> Tensor:
        """(B, C, N or more), what the flow models, of a batch on the networks' device.

        Args:
            batch: with `wav` (B, T) and `frames` (B,).
            training: whether to draw what is drawn in training.
        """

    def usable(self, frames: int, tokens: int | None) -> bool:
        """Whether a clip is within `limits` and has a frame for each of its tokens and blanks."""
        if tokens is None or not self.config.limits.allow(frames, tokens):
            return False
        model = self.config.model
        whole = frames // model.flow.squeeze * model.flow.squeeze
        return whole >= spaced_length(tokens, model.blanks)

    def build_networks(self) -> dict[str, nn.Module]:
        """The network under the name `main`."""
        network = FlowTextToFrames(self.config.model)
        network.flow.set_norms_by_next_batch()
        return {self.main: network}

    def forward(self, networks: Mapping[str, nn.Module], batch: Batch) -> FlowOutput:
        """The training pass."""
        network = networks[self.main]
        tokens, lengths = self._tokens(batch)
        frames = self.frames(batch, network.training)
        output: FlowOutput = network(frames, batch["frames"], tokens, lengths, self._speakers(batch))
        return output

    def losses(
        self, phase: str, networks: Mapping[str, nn.Module], batch: Batch, output: FlowOutput, step: int
    ) -> dict[str, Tensor]:
        """`likelihood` and `duration`."""
        return flow_losses(output)

    def weights(self, step: int) -> Mapping[str, float]:
        """Those of the config."""
        return self.config.loss.at(step)

    @torch.no_grad()
    def media(self, networks: Mapping[str, nn.Module], batch: Batch) -> Media:
        """The first clip: its frames, what its text becomes, and how its text is aligned."""
        network = networks[self.main]
        assert isinstance(network, FlowTextToFrames)
        first = {name: value[:1] for name, value in batch.items()}
        output = self.forward(networks, first)
        count = int(output.mask.sum())
        tokens, lengths = self._tokens(first)
        recorded = self.frames(first, training=False)[:, :, :count]
        mask = sequence_mask(torch.tensor([count], device=recorded.device))
        style = network.frame_style(recorded, mask, self._speakers(first))
        spoken = network.infer(tokens[:, : int(lengths)], lengths, style)
        figures = {
            "frames/recorded": spectrogram_figure(recorded[0].float().cpu(), "recorded"),
            "frames/spoken": spectrogram_figure(spoken.frames[0].float().cpu(), "spoken"),
            "alignment": alignment_figure(output.alignment[0].cpu()),
        }
        return Media(figures=figures)

    def _speakers(self, batch: Batch) -> Tensor | None:
        """Rows (B,) of the speaker table, where there is one."""
        return batch["speaker"] if self.config.model.voice == "table" else None

    def _tokens(self, batch: Batch) -> tuple[Tensor, Tensor]:
        return spaced(batch["tokens"], batch["token_lengths"], self.config.model.blanks)


def flow_losses(output: FlowOutput) -> dict[str, Tensor]:
    """`likelihood` an element, and `duration`, squared error of the log a token (sections 3.1 and 3.2)."""
    error = (output.log_durations.float() - output.target_log_durations).square()
    return {
        "likelihood": gaussian_flow_nll(
            output.z, output.mean, output.log_std, output.log_determinant, output.mask
        ),
        "duration": error.sum() / real_count(output.token_mask),
    }
