"""Training of FACodec (arXiv 2403.03100, section 3.2, with the losses of the published training)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.adversarial import AdversarialTask, Generated
from hiervox.models.base.training.multi_scale_mel import multi_scale_mel_terms
from hiervox.models.base.training.task import Media
from hiervox.models.codec.facodec.config import FACodecExperiment
from hiervox.models.codec.facodec.losses import frame_energy, head_losses, normalised_log_f0
from hiervox.models.codec.facodec.networks.facodec import FACodec, FACodecOutput
from hiervox.models.codec.facodec.networks.quantizer import ATTRIBUTES
from hiervox.modules.functional.masking import random_segment_starts, slice_segments
from hiervox.processors.spectrogram import log_mel


class FACodecTask(AdversarialTask[FACodecExperiment]):
    """Random segments of whole clips, which the timbre is taken from where it has an encoder of its own."""

    fields: ClassVar[frozenset[str]] = frozenset({"wav", "tokens", "phones", "f0", "speaker"})

    def build_generator(self) -> FACodec:
        """The codec with its heads."""
        return FACodec(self.config.model)

    def generate(self, generator: nn.Module, batch: Batch) -> Generated:
        """Code and decode a segment of each clip.

        Returns:
            segments (B, 1, T) of the recordings and what they are decoded to; `extras` is the `FACodecOutput`
            and where segments begin, (B,) in frames.
        """
        hop, frames = self.config.model.hop_length, self.config.segment_frames
        whole, lengths = batch["wav"].unsqueeze(1), batch["frames"] * hop
        starts = random_segment_starts(batch["frames"], frames)
        real = slice_segments(whole, starts * hop, frames * hop)
        output: FACodecOutput = generator(real, whole, lengths)
        return Generated(real=real, fake=output.wav, extras=(output, starts))

    def reconstruction_losses(self, batch: Batch, generated: Generated, step: int) -> dict[str, Tensor]:
        """`mel`, `commitment`, `codebook`, and the heads' terms."""
        output, starts = generated.extras
        config, frames = self.config.model, self.config.segment_frames
        f0, phones = (
            slice_segments(batch[name].unsqueeze(1), starts, frames).squeeze(1) for name in ("f0", "phones")
        )
        fake, real = generated.fake.squeeze(1), generated.real.squeeze(1)
        return {
            "mel": torch.stack(multi_scale_mel_terms(fake, real, config.sample_rate)).sum(),
            "commitment": output.commitment,
            "codebook": output.codebook,
            **head_losses(
                output.said,
                normalised_log_f0(f0),
                frame_energy(log_mel(real, config.mel)),
                phones,
                batch["speaker"],
            ),
        }

    @torch.no_grad()
    def media(self, networks: Mapping[str, nn.Module], batch: Batch) -> Media:
        """The first clip: recorded, decoded, without its residual, and in the voice of the last one."""
        network, config = networks[self.main], self.config.model
        assert isinstance(network, FACodec)
        clips = [
            batch["wav"][place, : int(batch["frames"][place]) * config.hop_length][None, None]
            for place in (0, -1)
        ]
        codes, timbre = network.encode(clips[0])
        _, other = network.encode(clips[1])
        sounds = {
            "recorded": clips[0],
            "decoded": network.decode(codes, timbre),
            "without_residual": network.decode(codes, timbre, ATTRIBUTES[:2]),
            "converted": network.decode(codes, other, ATTRIBUTES[:2]),
        }
        return Media(audio={name: (wav[0, 0], config.sample_rate) for name, wav in sounds.items()})
