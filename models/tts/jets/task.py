"""Training of JETS (arXiv 2203.16852, section 2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.adversarial import AdversarialTask, Generated
from hiervox.models.base.training.task import Media
from hiervox.models.base.training.unwrapping import unwrapped
from hiervox.models.tts._variance.losses import variance_losses
from hiervox.models.tts.jets.config import JetsExperiment
from hiervox.models.tts.jets.network import Jets, JetsOutput
from hiervox.modules.functional.masking import sequence_mask, slice_segments
from hiervox.modules.losses.ctc import attention_ctc_loss, binarization_loss
from hiervox.modules.losses.reconstruction import mel_l1
from hiervox.processors.spectrogram import log_mel
from hiervox.utils.plots import alignment_figure


class JetsTask(AdversarialTask[JetsExperiment]):
    """The whole network learns at once, its alignment too; discriminators and mel loss see slices."""

    fields: ClassVar[frozenset[str]] = frozenset({"wav", "mel", "tokens", "f0", "energy", "speaker"})

    def usable(self, frames: int, tokens: int | None) -> bool:
        """Whether a clip has a frame for each of its tokens."""
        return tokens is not None and frames >= tokens

    def build_generator(self) -> Jets:
        """The network."""
        return Jets(self.config.model)

    def generate(self, generator: nn.Module, batch: Batch) -> Generated:
        """The training pass.

        Returns:
            slices (B, 1, T) of the recordings and of what is generated in their place; `extras` is the
            `JetsOutput`.
        """
        output: JetsOutput = generator(
            batch["tokens"],
            batch["token_lengths"],
            batch["mel"],
            batch["frames"],
            batch["f0"],
            batch["energy"],
            self._style(generator, batch),
        )
        hop_length = self.config.mel.hop_length
        real = slice_segments(batch["wav"].unsqueeze(1), output.starts * hop_length, output.wav.shape[-1])
        return Generated(real=real, fake=output.wav, extras=output)

    def _style(self, network: nn.Module, batch: Batch) -> Tensor | None:
        """Of the speaker's number, or of the clip itself, by the way that the config names."""
        own = unwrapped(network)
        assert isinstance(own, Jets)
        mask = sequence_mask(batch["frames"], batch["mel"].shape[2])
        return own.clip_style(batch["speaker"], batch["mel"], mask)

    def reconstruction_losses(self, batch: Batch, generated: Generated, step: int) -> dict[str, Tensor]:
        """`mel`, `duration`, `pitch`, `energy`, `forward_sum` and `binarization`."""
        output: JetsOutput = generated.extras
        mel = slice_segments(batch["mel"], output.starts, self.config.model.segment_frames)
        return {
            "mel": mel_l1(log_mel(generated.fake.squeeze(1), self.config.mel), mel),
            **variance_losses(output.variances, output.token_mask),
            "forward_sum": attention_ctc_loss(output.log_attention, batch["frames"], batch["token_lengths"]),
            "binarization": binarization_loss(output.log_attention, output.alignment),
        }

    @torch.no_grad()
    def media(self, networks: Mapping[str, nn.Module], batch: Batch) -> Media:
        """The first clip: recorded, spoken from its text, and how both are aligned."""
        network = networks[self.main]
        assert isinstance(network, Jets)
        first = {name: value[:1] for name, value in batch.items()}
        output: JetsOutput = self.generate(network, first).extras
        tokens = first["tokens"][:, : int(first["token_lengths"])]
        mask = torch.ones_like(tokens[:, None], dtype=output.token_mask.dtype)
        hidden = network.encode(tokens, mask, self._style(network, first))
        rate = self.config.mel.sample_rate
        sounds = {"recorded": (first["wav"][0, : int(first["frames"]) * self.config.mel.hop_length], rate)}
        spoken = network.adaptor(hidden, mask)
        if int(spoken.frame_lengths):
            sounds["spoken"] = (network.generator(network.frames(spoken.hidden))[0, 0], rate)
        return Media(audio=sounds, figures={"alignment": alignment_figure(output.alignment[0].cpu())})
