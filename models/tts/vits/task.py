"""Training of VITS (arXiv 2106.06103, section 2)."""

from __future__ import annotations

from torch import Tensor, nn

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.adversarial import Generated
from hiervox.models.tts._vae.task import LatentTask
from hiervox.models.tts.vits.config import VitsExperiment
from hiervox.models.tts.vits.network import Vits, VitsOutput
from hiervox.modules.losses.duration import duration_nll
from hiervox.modules.losses.kl import flow_kl


class VitsTask(LatentTask[VitsExperiment]):
    """The whole network learns at once; discriminators and mel loss see slices."""

    def build_generator(self) -> Vits:
        """The network."""
        return Vits(self.config.model)

    def passed(self, generator: nn.Module, batch: Batch, voice: Tensor | None) -> VitsOutput:
        """The network's training pass."""
        output: VitsOutput = generator(batch["linear"], batch["frames"], *self.tokens(batch), voice)
        return output

    def reconstruction_losses(self, batch: Batch, generated: Generated, step: int) -> dict[str, Tensor]:
        """`mel`, `kl` and `duration` (equations 2, 4 and section 2.2.2)."""
        output: VitsOutput = generated.extras
        prior = output.prior
        return {
            **super().reconstruction_losses(batch, generated, step),
            "kl": flow_kl(output.z_prior, output.posterior_log_std, prior.mean, prior.log_std, output.mask),
            "duration": duration_nll(prior.duration_loss, prior.token_mask),
        }
