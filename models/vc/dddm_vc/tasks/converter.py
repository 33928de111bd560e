"""Training of DDDM-VC's converter (arXiv 2305.15816, section 3)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor, nn

from hiervox.models.base.checkpoints.checkpoint import load_named
from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.cut_task import CutTrainingTask, require_semantic_channels
from hiervox.models.base.training.task import Media
from hiervox.models.vc.dddm_vc.config import DDDMExperiment, F0QuantizerExperiment
from hiervox.models.vc.dddm_vc.networks.dddm_vc import DDDMVC, DDDMOutput
from hiervox.models.vc.dddm_vc.networks.f0_quantizer import F0Quantizer
from hiervox.modules.diffusion.mean_reverting import score_loss
from hiervox.modules.functional.masking import sequence_mask
from hiervox.modules.losses.reconstruction import masked_l1
from hiervox.utils.errors import ConfigError
from hiervox.utils.plots import spectrogram_figure

MEDIA_STEPS = 6
"""Of what validation draws: the published default."""


class DDDMTask(CutTrainingTask[DDDMExperiment]):
    """Both priors and both denoisers learn at once; the quantiser of F0 stays as it is."""

    fields: ClassVar[frozenset[str]] = frozenset({"mel", "f0", "normalised_f0", "semantic_perturbed"})

    def build_networks(self) -> dict[str, nn.Module]:
        """The network."""
        return {"main": DDDMVC(self.config.model)}

    @cached_property
    def quantizer(self) -> F0Quantizer:
        """The quantiser that `data.f0_quantizer` names.

        Raises:
            CheckpointError: it is missing or broken.
            ConfigError: it is something else, or has another number of codes.
        """
        path = self.config.data.f0_quantizer
        network, _ = load_named(
            "data.f0_quantizer", path, F0Quantizer, F0QuantizerExperiment, "name a quantiser of F0"
        )
        require_same_codes(network, self.config.model.n_f0_codes)
        return network.eval().requires_grad_(False)

    def f0_codes(self, batch: Batch) -> Tensor:
        """(B, any number)."""
        f0 = batch["normalised_f0"]
        with torch.autocast(f0.device.type, enabled=False):
            return self.quantizer.to(f0.device).encode(f0.float())

    def forward(self, networks: Mapping[str, nn.Module], batch: Batch) -> DDDMOutput:
        """The network's pass on perturbed content.

        Raises:
            ConfigError: the data's content vectors are not as wide as the network's.
        """
        require_semantic_channels(
            {"semantic": batch["semantic_perturbed"]}, self.config.model.semantic_channels
        )
        output: DDDMOutput = networks["main"](
            batch["semantic_perturbed"], self.f0_codes(batch), batch["mel"], _mask(batch)
        )
        return output

    def losses(
        self, phase: str, networks: Mapping[str, nn.Module], batch: Batch, output: DDDMOutput, step: int
    ) -> dict[str, Tensor]:
        """`diffusion` and `mel`."""
        mask = _mask(batch)
        return {
            "diffusion": score_loss(output.score.float(), output.noise, output.deviation, mask),
            "mel": masked_l1(output.mel, batch["mel"], mask),
        }

    def weights(self, step: int) -> Mapping[str, float]:
        """Those of the config."""
        return self.config.loss.at(step)

    def media(self, networks: Mapping[str, nn.Module], batch: Batch) -> Media:
        """The first clip's spectrogram: recorded, the priors' sum in its own style, and what is sampled."""
        first = {name: value[:1] for name, value in batch.items()}
        frames, network = int(first["frames"]), networks["main"]
        assert isinstance(network, DDDMVC)
        mel, content = first["mel"][..., :frames], first["semantic_perturbed"][..., :frames]
        mask, codes = torch.ones_like(mel[:, :1]), self.f0_codes(first)
        style = network.style(mel, mask)
        noises = (torch.randn_like(mel) for _ in range(MEDIA_STEPS + 1))
        mels = {
            "recorded": mel,
            "prior": network.priors(content, codes, mask, style).sum(0),
            "sampled": network.convert(content, codes, mel, style, noises, MEDIA_STEPS),
        }
        return Media(
            figures={
                f"mel/{name}": spectrogram_figure(made[0].float().cpu(), name) for name, made in mels.items()
            }
        )


def _mask(batch: Batch) -> Tensor:
    return sequence_mask(batch["frames"], batch["mel"].shape[2])


def require_same_codes(quantizer: F0Quantizer, n_codes: int) -> None:
    """Refuse a quantiser whose codes are not the converter's.

    Raises:
        ConfigError: naming both numbers.
    """
    given = quantizer.sizes.n_entries
    if given != n_codes:
        raise ConfigError(
            f"the quantiser of F0 has {given} codes, but the converter's model.n_f0_codes is {n_codes}",
            "train the converter on that quantiser",
        )
