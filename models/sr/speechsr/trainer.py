"""Training of SpeechSR (HierSpeech++, arXiv 2311.12454, section 3.4).

`docs/super_resolution.md` holds the choices that the sources leave open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from hiervox.models.base.data.manifest import audio_path, read_cuts
from hiervox.models.base.training.cut_task import CutTrainingTask
from hiervox.models.base.training.task import Batch, Media, Split
from hiervox.models.sr.speechsr.config import INPUT_RATE, SpeechSRExperiment
from hiervox.models.sr.speechsr.networks import build_network
from hiervox.modules.discriminators.ensemble import DiscriminatorEnsemble
from hiervox.modules.discriminators.multi_period import MultiPeriodDiscriminator
from hiervox.modules.discriminators.multi_resolution_stft import MultiResolutionSTFTDiscriminator
from hiervox.modules.discriminators.wavelet import WaveletDiscriminator
from hiervox.modules.losses.adversarial import discriminator_terms, generator_terms
from hiervox.modules.losses.reconstruction import mel_l1
from hiervox.processors.audio import resample_tensor
from hiervox.processors.spectrogram import log_mel
from hiervox.utils.errors import DataError
from hiervox.utils.plots import spectrogram_figure


@dataclass
class _Pass:
    """Waveforms of one pass.

    Attributes:
        low: (B, 1, T) at 16 kHz, the network's input.
        target: (B, 1, T') at the output rate, what the recording has there.
        raised: (B, 1, T'), the network's output.
    """

    low: Tensor
    target: Tensor
    raised: Tensor


class SpeechSRTask(CutTrainingTask[SpeechSRExperiment]):
    """Two turns: the discriminators, then the generator against them.

    Where neither of their terms has a weight there are no discriminators, and a step costs a fraction.
    """

    fields: ClassVar[frozenset[str]] = frozenset({"wav"})
    # The sum holds adversarial terms, which say nothing about how good a checkpoint is.
    best_metric = "mel"

    def __init__(self, config: SpeechSRExperiment) -> None:
        super().__init__(config)
        self.sample_rate = config.model.rate
        self.adversarial = config.loss.adversarial > 0 or config.loss.feature_matching > 0
        self.turns = ("discriminator", "main") if self.adversarial else ("main",)

    def build_networks(self) -> dict[str, nn.Module]:
        """The generator under the name `main`, and all its discriminators under `discriminator`."""
        if not self.adversarial:
            return {"main": build_network(self.config.model)}
        sizes = self.config.discriminator
        discriminator = DiscriminatorEnsemble(
            {
                "stft": MultiResolutionSTFTDiscriminator(sizes.window_lengths, sizes.stft_channels),
                "period": MultiPeriodDiscriminator(sizes.periods, sizes.period_channels),
                "wavelet": WaveletDiscriminator(sizes.wavelet_levels, sizes.wavelet_width),
            }
        )
        return {"discriminator": discriminator, "main": build_network(self.config.model)}

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
        for cut in read_cuts(self.config.data.cuts):
            own_rate = cut.recording.sampling_rate
            if own_rate < self.sample_rate:
                raise DataError(
                    f"{audio_path(cut)} has {own_rate} Hz, less than the output's {self.sample_rate} Hz",
                    "remove it, or set data.allow_band_limited to train on upsampled recordings",
                )

    def forward(self, networks: Mapping[str, nn.Module], batch: Batch) -> _Pass:
        """Lower the recordings to 16 kHz and let the network raise them again."""
        target = batch["wav"]
        # A batch of very short recordings alone would not fill the longest window.
        target = F.pad(target, (0, max(0, self._least_samples - target.shape[-1]))).unsqueeze(1)
        low = _lowered(target, self.sample_rate)
        return _Pass(low=low, target=target, raised=networks["main"](low))

    @property
    def _least_samples(self) -> int:
        """A multiple of what both rates have in common, so that low and high rate fit together."""
        longest = max(*self.config.discriminator.window_lengths, self.config.mel.n_fft)
        unit = 2 * self.sample_rate // 8_000
        return -(-longest // unit) * unit

    def losses(
        self, turn: str, networks: Mapping[str, nn.Module], batch: Batch, output: _Pass
    ) -> dict[str, Tensor]:
        """The discriminators' loss, or the generator's terms, which `loss` in the config weighs."""
        if turn == "discriminator":
            return discriminator_terms(networks["discriminator"], output.target, output.raised)
        raised, target = (log_mel(wav.squeeze(1), self.config.mel) for wav in (output.raised, output.target))
        terms = {"mel": mel_l1(raised, target)}
        if self.adversarial:
            terms |= generator_terms(networks["discriminator"], output.target, output.raised)
        return terms

    def weights(self) -> Mapping[str, float]:
        """Those of the config."""
        return self.config.loss.model_dump()

    def media(self, networks: Mapping[str, nn.Module], batch: Batch) -> Media:
        """The first segment at 16 kHz, as recorded, and as raised by the network."""
        first = self.forward(networks, {"wav": batch["wav"][:1]})
        rates = {"low": INPUT_RATE, "recorded": self.sample_rate, "raised": self.sample_rate}
        sounds = {"low": first.low, "recorded": first.target, "raised": first.raised.float()}
        figures = {
            f"mel/{name}": spectrogram_figure(
                log_mel(sounds[name].squeeze(1), self.config.mel)[0].cpu(), name
            )
            for name in ("recorded", "raised")
        }
        return Media(
            audio={name: (sound[0, 0], rates[name]) for name, sound in sounds.items()}, figures=figures
        )


def _lowered(wav: Tensor, rate: int) -> Tensor:
    """Resample (..., T) to 16 kHz on its device, with much the same filter as recordings are at inference."""
    with torch.autocast(wav.device.type, enabled=False):
        return resample_tensor(wav, rate, INPUT_RATE)
