"""Training of NSF-HiFi-GAN, on recordings as they are and on what it makes of them at another pitch."""

from __future__ import annotations

import math
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.adversarial import Generated
from hiervox.models.vocoder._gan.task import GANVocoderTaskBase
from hiervox.models.vocoder.nsf_hifigan.config import NSFHiFiGANExperiment
from hiervox.models.vocoder.training import frame_f0, run, whole_frames
from hiervox.processors.pitch import SEMITONES_PER_OCTAVE


class Shifted(NamedTuple):
    """Segments (B', 1, T) at the same pitch, which is not the recording's.

    Attributes:
        at_once: generated of the recording's spectrogram.
        in_two: of the spectrogram of what was generated at a pitch on the way.
    """

    at_once: Tensor
    in_two: Tensor


class NSFHiFiGANTask(GANVocoderTaskBase[NSFHiFiGANExperiment]):
    """A GAN vocoder that is driven by F0 too.

    With `pitch_shift.share` it is trained as openvpi trains the pitch-controllable network: of that share of
    a batch the pitch is shifted; the spectrogram of the result gives, at the recording's pitch, what is
    compared with the recording; and shifting at once is compared with shifting in two steps.
    """

    fields: ClassVar[frozenset[str]] = frozenset({"wav", "f0"})

    def generate(self, generator: nn.Module, batch: Batch) -> Generated:
        """As of every GAN vocoder; in training, of a share of the batch by way of another pitch."""
        shift = self.config.pitch_shift
        if shift.share == 0 or not generator.training:
            return super().generate(generator, batch)
        mel = self.input_mel(batch)
        f0 = frame_f0(batch, mel.shape[-1])
        assert f0 is not None
        count = math.ceil(shift.share * len(f0))
        mels, own = mel[:count], f0[:count]
        total, partial = drawn_shifts(count, shift.semitones, f0.device)
        moved = self._moved(own, total)
        made = run(generator, mel, torch.cat([moved, f0[count:]]))
        at_once = made[:count]
        back = run(generator, self._spectrogram(at_once), own)
        halfway = run(generator, mels, self._moved(own, partial))
        in_two = run(generator, self._spectrogram(halfway), moved)
        generated = self._fitted(batch["wav"], torch.cat([back, made[count:]]), Shifted(at_once, in_two))
        generated.unpaired = torch.cat([at_once, halfway, in_two])
        return generated

    def reconstruction_losses(self, batch: Batch, generated: Generated, step: int) -> dict[str, Tensor]:
        """Those of every GAN vocoder, also between both ways to a pitch, and these samples' distance."""
        if generated.extras is None:
            return super().reconstruction_losses(batch, generated, step)
        at_once, in_two = generated.extras
        samples = generated.fake.shape[-1]
        both = Generated(
            torch.cat([generated.real, at_once[..., :samples]]),
            torch.cat([generated.fake, in_two[..., :samples]]),
        )
        terms = super().reconstruction_losses(batch, both, step)
        return {**terms, "shift_consistency": functional.l1_loss(in_two.float(), at_once.float())}

    def _moved(self, f0: Tensor, semitones: Tensor) -> Tensor:
        """F0 (B, N) by so many semitones (B, 1), as high as the network's sine can be."""
        highest = self.config.model.sine_rate / 2
        return (f0 * 2 ** (semitones / SEMITONES_PER_OCTAVE)).clamp(max=highest)

    def _spectrogram(self, wav: Tensor) -> Tensor:
        """Spectrogram (B, M, N) of what was generated, (B, 1, T)."""
        return whole_frames(wav.squeeze(1), self.config.mel)


def drawn_shifts(count: int, semitones: float, device: torch.device) -> tuple[Tensor, Tensor]:
    """Shifts (count, 1), and others from which it is no further than `semitones` to them, nor from 0."""
    total = (2 * torch.rand(count, 1, device=device) - 1) * semitones
    lowest, highest = total.clamp(min=0) - semitones, total.clamp(max=0) + semitones
    return total, lowest + (highest - lowest) * torch.rand(count, 1, device=device)
