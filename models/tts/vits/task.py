"""Training of VITS (arXiv 2106.06103, section 2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor, nn

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.adversarial import AdversarialTask, Generated
from hiervox.models.base.training.task import Media
from hiervox.models.tts.blanks import spaced, spaced_length
from hiervox.models.tts.vits.config import VitsExperiment
from hiervox.models.tts.vits.networks.vits import Vits, VitsOutput
from hiervox.modules.functional.masking import sequence_mask, slice_segments
from hiervox.modules.losses.duration import duration_nll
from hiervox.modules.losses.kl import flow_kl
from hiervox.modules.losses.reconstruction import mel_l1
from hiervox.processors.spectrogram import log_mel, log_mel_of
from hiervox.utils.plots import alignment_figure, spectrogram_figure


class VitsTask(AdversarialTask[VitsExperiment]):
    """The whole network learns at once; discriminators and mel loss see slices."""

    fields: ClassVar[frozenset[str]] = frozenset({"wav", "linear", "tokens", "speaker"})

    def usable(self, frames: int, tokens: int | None) -> bool:
        """Whether a clip is within `limits` and has a frame for each of its tokens and blanks."""
        if tokens is None or not self.config.limits.allow(frames, tokens):
            return False
        return frames >= spaced_length(tokens, self.config.model.blanks)

    def build_generator(self) -> Vits:
        """The network."""
        return Vits(self.config.model)

    def generate(self, generator: nn.Module, batch: Batch) -> Generated:
        """The training pass.

        Returns:
            slices (B, 1, T) of the recordings and of what is decoded in their place; `extras` is the
            `VitsOutput`.
        """
        tokens, token_lengths = self._tokens(batch)
        voice = self._voice(batch)
        output: VitsOutput = generator(batch["linear"], batch["frames"], tokens, token_lengths, voice)
        hop_length = self.config.mel.hop_length
        real = slice_segments(batch["wav"].unsqueeze(1), output.starts * hop_length, output.wav.shape[-1])
        return Generated(real=real, fake=output.wav, extras=output)

    def _voice(self, batch: Batch) -> Tensor | None:
        """What the network reads the voice from, by the way that the config names."""
        if self.config.model.voice == "none":
            return None
        if self.config.model.voice == "table":
            speakers: Tensor = batch["speaker"]
            return speakers
        mask = sequence_mask(batch["frames"], batch["linear"].shape[2])
        return log_mel_of(batch["linear"], self.config.mel) * mask

    def reconstruction_losses(self, batch: Batch, generated: Generated, step: int) -> dict[str, Tensor]:
        """`mel`, `kl` and `duration` (equations 2, 4 and section 2.2.2)."""
        output: VitsOutput = generated.extras
        frames = self.config.model.segment_frames
        mel = slice_segments(log_mel_of(batch["linear"], self.config.mel), output.starts, frames)
        return {
            "mel": mel_l1(log_mel(generated.fake.squeeze(1), self.config.mel), mel),
            "kl": flow_kl(
                output.z_prior,
                output.posterior_log_std,
                output.prior_mean,
                output.prior_log_std,
                output.mask,
            ),
            "duration": duration_nll(output.duration_loss, output.token_mask),
        }

    def media(self, networks: Mapping[str, nn.Module], batch: Batch) -> Media:
        """The first clip: recorded, decoded from its posterior, and spoken from its text."""
        network = networks[self.main]
        assert isinstance(network, Vits)
        frames = int(batch["frames"][0])
        first = {name: value[:1] for name, value in batch.items()}
        mask = sequence_mask(first["frames"], first["linear"].shape[2])
        style = network.style(self._voice(first), mask)
        tokens, lengths = self._tokens(first)
        mean, _ = network.posterior_encoder(first["linear"], mask, style)
        mean = mean[:, :, :frames]
        spoken = network.infer(tokens[:, : int(lengths)], lengths, style)
        hop_length, rate = self.config.mel.hop_length, self.config.mel.sample_rate
        sounds = {
            "recorded": first["wav"][0, : frames * hop_length],
            "reconstructed": network.decode(mean, style)[0, 0],
            "spoken": network.decode(spoken.z, style)[0, 0],
        }
        figures = {
            f"mel/{name}": spectrogram_figure(log_mel(sound[None].float(), self.config.mel)[0].cpu(), name)
            for name, sound in sounds.items()
        }
        figures["alignment"] = alignment_figure(spoken.alignment[0].cpu())
        return Media(audio={name: (sound, rate) for name, sound in sounds.items()}, figures=figures)

    def _tokens(self, batch: Batch) -> tuple[Tensor, Tensor]:
        return spaced(batch["tokens"], batch["token_lengths"], self.config.model.blanks)
