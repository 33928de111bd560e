"""Training of SpeechSR (HierSpeech++, arXiv 2311.12454, section 3.4).

`docs/guides/super_resolution.md` holds the choices that the sources leave open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from hiervox.models.base.data.batch import Batch, Split
from hiervox.models.base.data.manifest import audio_path
from hiervox.models.base.data.shards import open_corpus
from hiervox.models.base.training.adversarial import AdversarialTask, Generated
from hiervox.models.base.training.task import Media
from hiervox.models.sr.speechsr.config import INPUT_RATE, SpeechSRExperiment
from hiervox.models.sr.speechsr.networks import build_network
from hiervox.modules.losses.reconstruction import mel_l1
from hiervox.processors.audio import resample_tensor
from hiervox.processors.spectrogram import log_mel
from hiervox.utils.errors import DataError
from hiervox.utils.plots import spectrogram_figure


class SpeechSRTask(AdversarialTask[SpeechSRExperiment]):
    """The generator turns 16 kHz into the output rate; without discriminators a step costs a fraction."""

    fields: ClassVar[frozenset[str]] = frozenset({"wav"})

    def __init__(self, config: SpeechSRExperiment) -> None:
        super().__init__(config)
        self.sample_rate = config.model.rate

    def build_generator(self) -> nn.Module:
        """The network that the config's `model` describes."""
        return build_network(self.config.model)

    def loader(
        self, split: Split, *, epoch: int, skip_batches: int, rank: int, world_size: int
    ) -> Iterable[Batch]:
        """The batches of one epoch: `wav` (B, T') at the output rate.

        Raises:
            DataError: a recording's rate is below the output rate, or the data can't be used.
        """
        if not self.config.data.allow_band_limited:
            self._refuse_band_limited()
        return super().loader(split, epoch=epoch, skip_batches=skip_batches, rank=rank, world_size=world_size)

    def _refuse_band_limited(self) -> None:
        index = open_corpus(self.config.data)
        lowest = int(index.table["rate"].argmin())
        own_rate = int(index.table["rate"][lowest])
        if own_rate < self.sample_rate:
            raise DataError(
                f"{audio_path(index.cut(lowest))} has {own_rate} Hz, less than the output's "
                f"{self.sample_rate} Hz",
                "remove it, or set data.allow_band_limited to train on upsampled recordings",
            )

    def generate(self, generator: nn.Module, batch: Batch) -> Generated:
        """Downsample the recordings to 16 kHz and let the network upsample them again.

        Returns:
            waveforms (B, 1, T') at the output rate; `extras` is the network's input (B, 1, T).
        """
        target = batch["wav"]
        # A batch of very short recordings alone would not fill the longest window.
        target = F.pad(target, (0, max(0, self._least_samples - target.shape[-1]))).unsqueeze(1)
        low = _downsampled(target, self.sample_rate)
        return Generated(real=target, fake=generator(low), extras=low)

    @property
    def _least_samples(self) -> int:
        """A multiple of what both rates have in common, so that low and high rate fit together."""
        longest = max(self.config.discriminator_samples, self.config.mel.n_fft)
        unit = 2 * self.sample_rate // 8_000
        return -(-longest // unit) * unit

    def reconstruction_losses(self, batch: Batch, generated: Generated, step: int) -> dict[str, Tensor]:
        """L1 distance of the log-mel spectrograms."""
        fake, real = (log_mel(wav.squeeze(1), self.config.mel) for wav in (generated.fake, generated.real))
        return {"mel": mel_l1(fake, real)}

    def media(self, networks: Mapping[str, nn.Module], batch: Batch) -> Media:
        """The first segment at 16 kHz, as recorded, and as upsampled by the network."""
        first = self.forward(networks, {"wav": batch["wav"][:1]})
        rates = {"low": INPUT_RATE, "recorded": self.sample_rate, "upsampled": self.sample_rate}
        sounds = {"low": first.extras, "recorded": first.real, "upsampled": first.fake.float()}
        figures = {
            f"mel/{name}": spectrogram_figure(
                log_mel(sounds[name].squeeze(1), self.config.mel)[0].cpu(), name
            )
            for name in ("recorded", "upsampled")
        }
        return Media(
            audio={name: (sound[0, 0], rates[name]) for name, sound in sounds.items()}, figures=figures
        )


def _downsampled(wav: Tensor, rate: int) -> Tensor:
    """Resample (..., T) to 16 kHz on its device, with much the same filter as recordings are at inference."""
    with torch.autocast(wav.device.type, enabled=False):
        return resample_tensor(wav, rate, INPUT_RATE)
