"""Training of HierSpeech, and its adaptation without transcripts (NeurIPS 2022, section 3)."""

from __future__ import annotations

from torch import Tensor, nn

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.adversarial import Generated
from hiervox.models.base.training.cut_task import require_semantic_channels
from hiervox.models.tts._vae.task import LatentTask
from hiervox.models.tts.hierspeech.config import HierSpeechExperiment
from hiervox.models.tts.hierspeech.network import HierSpeech, HierSpeechOutput
from hiervox.modules.losses.ctc import ctc_loss
from hiervox.modules.losses.duration import duration_nll
from hiervox.modules.losses.kl import flow_kl


class HierSpeechTask(LatentTask[HierSpeechExperiment]):
    """The whole network learns at once; in adaptation what links it to the text is left as it is."""

    def batch_fields(self) -> frozenset[str]:
        """With semantic vectors, and without tokens where transcripts are not needed."""
        return (self.fields | {"semantic"}) - ({"tokens"} if self.config.adaptation else set())

    def usable(self, frames: int, tokens: int | None) -> bool:
        """Whether a clip is within `limits`, in adaptation whatever its text."""
        if self.config.adaptation:
            return self.config.limits.allow_frames(frames)
        return super().usable(frames, tokens)

    def build_generator(self) -> HierSpeech:
        """The network."""
        return HierSpeech(self.config.model)

    def posterior_features(self, batch: Batch) -> Tensor:
        """What the decoded latent is encoded from: without an acoustic one the semantic vectors."""
        features: Tensor = batch["linear" if self.config.model.acoustic else "semantic"]
        return features

    def passed(self, generator: nn.Module, batch: Batch, voice: Tensor | None) -> HierSpeechOutput:
        """The network's training pass.

        Raises:
            ConfigError: the data's semantic vectors are not as wide as the network's.
        """
        require_semantic_channels(batch, self.config.model.semantic_channels)
        text = None if self.config.adaptation else self.tokens(batch)
        output: HierSpeechOutput = generator(batch["linear"], batch["semantic"], batch["frames"], text, voice)
        return output

    def reconstruction_losses(self, batch: Batch, generated: Generated, step: int) -> dict[str, Tensor]:
        """`mel`, `acoustic_kl`; and where there is a text `linguistic_kl`, `duration` and `phoneme`."""
        output: HierSpeechOutput = generated.extras
        linguistic, prior, mask = output.linguistic, output.prior, output.mask
        terms = super().reconstruction_losses(batch, generated, step)
        if output.acoustic is not None and output.acoustic_as_linguistic is not None:
            terms["acoustic_kl"] = flow_kl(
                output.acoustic_as_linguistic,
                output.acoustic.log_std,
                linguistic.mean,
                linguistic.log_std,
                mask,
            )
        if prior is None or output.linguistic_as_text is None:
            return terms
        terms["linguistic_kl"] = flow_kl(
            output.linguistic_as_text, linguistic.log_std, prior.mean, prior.log_std, mask
        )
        terms["duration"] = duration_nll(prior.duration_loss, prior.token_mask)
        if output.phoneme_logits is not None:
            terms["phoneme"] = ctc_loss(
                output.phoneme_logits, batch["frames"], batch["tokens"], batch["token_lengths"]
            )
        return terms
