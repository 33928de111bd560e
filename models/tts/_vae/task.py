"""Training of a latent between text and sound (VITS, arXiv 2106.06103, section 2)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar, TypeVar

import torch
from torch import Tensor, nn

from hiervox.models.base.config import ExperimentConfig
from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.adversarial import AdversarialTask, Generated
from hiervox.models.base.training.task import Media
from hiervox.models.tts._vae.config import LatentExperiment
from hiervox.models.tts._vae.network import LatentOutput, LatentSpeech
from hiervox.models.tts.blanks import spaced, spaced_length
from hiervox.modules.functional.masking import sequence_mask, slice_segments
from hiervox.modules.losses.reconstruction import mel_l1
from hiervox.processors.spectrogram import log_mel, log_mel_of
from hiervox.utils.plots import alignment_figure, spectrogram_figure

SPEAKER_TABLE = "speaker_table.weight"

LatentExperimentT = TypeVar("LatentExperimentT", bound=LatentExperiment)


class LatentTask(AdversarialTask[LatentExperimentT]):
    """The whole network learns at once; discriminators and mel loss see slices.

    A system gives `build_generator` and `passed`, and adds its own terms to those of `reconstruction_losses`.
    """

    fields: ClassVar[frozenset[str]] = frozenset({"wav", "linear", "tokens", "speaker"})

    def usable(self, frames: int, tokens: int | None) -> bool:
        """Whether a clip is within `limits` and has a frame for each of its tokens and blanks."""
        if tokens is None or not self.config.limits.allow(frames, tokens):
            return False
        return frames >= spaced_length(tokens, self.config.model.blanks)

    def adapt_weights(self, tensors: dict[str, Tensor], given: ExperimentConfig) -> dict[str, Tensor]:
        """Of another table of speakers: those that it has keep their row, new ones start at the mean."""
        if not isinstance(given, LatentExperiment) or SPEAKER_TABLE not in tensors:
            return tensors
        rows = dict(zip(given.model.speakers, tensors[SPEAKER_TABLE], strict=True))
        mean = tensors[SPEAKER_TABLE].mean(0)
        own = [rows.get(name, mean) for name in self.config.model.speakers]
        return {**tensors, SPEAKER_TABLE: torch.stack(own)} if own else tensors

    def posterior_features(self, batch: Batch) -> Tensor:
        """What the decoded latent is encoded from: the linear spectrogram (B, n_bins, N)."""
        features: Tensor = batch["linear"]
        return features

    @abstractmethod
    def passed(self, generator: nn.Module, batch: Batch, voice: Tensor | None) -> LatentOutput:
        """The network's training pass.

        Args:
            generator: the network.
            batch: with `fields`.
            voice: what the network reads the voice from.
        """

    def generate(self, generator: nn.Module, batch: Batch) -> Generated:
        """The training pass.

        Returns:
            slices (B, 1, T) of the recordings and of what is decoded in their place; `extras` is the
            network's output.
        """
        output = self.passed(generator, batch, self._voice(batch))
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
        """`mel` of the slices (equation 2)."""
        output: LatentOutput = generated.extras
        frames = self.config.model.segment_frames
        mel = slice_segments(log_mel_of(batch["linear"], self.config.mel), output.starts, frames)
        return {"mel": mel_l1(log_mel(generated.fake.squeeze(1), self.config.mel), mel)}

    def media(self, networks: Mapping[str, nn.Module], batch: Batch) -> Media:
        """The first clip: recorded, decoded from its posterior, and spoken from its text, if it has one."""
        network = networks[self.main]
        assert isinstance(network, LatentSpeech)
        frames = int(batch["frames"][0])
        first = {name: value[:1] for name, value in batch.items()}
        mask = sequence_mask(first["frames"], first["linear"].shape[2])
        style = network.style(self._voice(first), mask)
        mean, _ = network.posterior_encoder(self.posterior_features(first), mask, style)
        mean = mean[:, :, :frames]
        hop_length, rate = self.config.mel.hop_length, self.config.mel.sample_rate
        sounds = {
            "recorded": first["wav"][0, : frames * hop_length],
            "reconstructed": network.decode(mean, style)[0, 0],
        }
        figures = {}
        if "tokens" in first:
            tokens, lengths = self.tokens(first)
            spoken = network.infer(tokens[:, : int(lengths)], lengths, style)
            sounds["spoken"] = network.decode(spoken.z, style)[0, 0]
            figures["alignment"] = alignment_figure(spoken.alignment[0].cpu())
        figures |= {
            f"mel/{name}": spectrogram_figure(log_mel(sound[None].float(), self.config.mel)[0].cpu(), name)
            for name, sound in sounds.items()
        }
        return Media(audio={name: (sound, rate) for name, sound in sounds.items()}, figures=figures)

    def tokens(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """The texts (B, L) as the network reads them, and their lengths (B,)."""
        return spaced(batch["tokens"], batch["token_lengths"], self.config.model.blanks)
