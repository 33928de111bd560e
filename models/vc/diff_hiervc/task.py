"""Training of Diff-HierVC (arXiv 2311.04693, section 2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.cut_task import CutTrainingTask, require_semantic_channels
from hiervox.models.base.training.task import Media
from hiervox.models.vc._diffusion.network import F0_PER_FRAME
from hiervox.models.vc.diff_hiervc.config import DiffHierVCExperiment
from hiervox.models.vc.diff_hiervc.networks.diff_hiervc import DiffHierVC, DiffHierVCOutput
from hiervox.modules.diffusion.mean_reverting import score_loss
from hiervox.modules.functional.masking import sequence_mask
from hiervox.modules.losses.reconstruction import log_f0_l1, masked_l1
from hiervox.processors.pitch import log_f0
from hiervox.utils.plots import pitch_figure, spectrogram_figure

MEDIA_STEPS = 6
"""Of what validation draws."""


class DiffHierVCTask(CutTrainingTask[DiffHierVCExperiment]):
    """Both diffusions learn at once, each from what was recorded."""

    fields: ClassVar[frozenset[str]] = frozenset({"mel", "f0", "normalised_f0", "semantic_perturbed"})

    def build_networks(self) -> dict[str, nn.Module]:
        """The network."""
        return {"main": DiffHierVC(self.config.model)}

    def forward(self, networks: Mapping[str, nn.Module], batch: Batch) -> DiffHierVCOutput:
        """The network's pass on perturbed content.

        Raises:
            ConfigError: the data's content vectors are not as wide as the network's.
        """
        content = batch["semantic_perturbed"]
        require_semantic_channels({"semantic": content}, self.config.model.semantic_channels)
        output: DiffHierVCOutput = networks["main"](
            content, *_pitch(batch), batch["mel"], sequence_mask(batch["frames"], batch["mel"].shape[2])
        )
        return output

    def losses(
        self, phase: str, networks: Mapping[str, nn.Module], batch: Batch, output: DiffHierVCOutput, step: int
    ) -> dict[str, Tensor]:
        """`pitch_diffusion`, `voice_diffusion`, `hidden_bins`, `log_f0` and `mel`."""
        mel, (_, pitch) = batch["mel"], _pitch(batch)
        hidden = output.hidden_bins
        return {
            "pitch_diffusion": score_loss(*output.pitch),
            "voice_diffusion": score_loss(*output.voice),
            "hidden_bins": masked_l1(output.estimate * hidden, mel * hidden, output.voice.mask),
            "log_f0": log_f0_l1(output.log_f0, pitch, output.pitch.mask),
            "mel": masked_l1(output.mel, mel, output.voice.mask),
        }

    def weights(self, step: int) -> Mapping[str, float]:
        """Those of the config."""
        return self.config.loss.at(step)

    def media(self, networks: Mapping[str, nn.Module], batch: Batch) -> Media:
        """The first clip's pitch and spectrogram: recorded, the priors, and what is sampled."""
        network, frames = networks["main"], int(batch["frames"][0])
        assert isinstance(network, DiffHierVC)
        mel, content = batch["mel"][:1, :, :frames], batch["semantic_perturbed"][:1, :, :frames]
        shape, pitch = (curve[:1, :, : F0_PER_FRAME * frames] for curve in _pitch(batch))
        mask = torch.ones_like(mel[:, :1])
        style = network.style(mel, mask)
        noises = [[torch.randn_like(like) for _ in range(MEDIA_STEPS + 1)] for like in (pitch, mel)]
        sampled_pitch = network.convert_pitch(content, shape, pitch, style, noises[0], MEDIA_STEPS)
        mels = {
            "recorded": mel,
            "prior": network.mel_prior(content, pitch, mask, style),
            "sampled": network.convert(content, pitch, mel, style, noises[1], MEDIA_STEPS),
        }
        figures = {
            f"mel/{name}": spectrogram_figure(made[0].float().cpu(), name) for name, made in mels.items()
        }
        curves = {"recorded": pitch, "sampled": sampled_pitch}
        figures["pitch"] = pitch_figure(
            {name: curve[0, 0].float().expm1().cpu() for name, curve in curves.items()}
        )
        return Media(figures=figures)


def _pitch(batch: Batch) -> tuple[Tensor, Tensor]:
    """Normalised F0 and log(F0 + 1), (B, 1, F0_PER_FRAME * N) each."""
    return batch["normalised_f0"].unsqueeze(1), log_f0(batch["f0"]).unsqueeze(1)
