"""Training of APNet and APNet2."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.adversarial import Generated
from hiervox.models.vocoder._gan.task import GANVocoderTaskBase
from hiervox.models.vocoder.apnet.config import APNetExperiment
from hiervox.models.vocoder.apnet.losses import consistency_loss, log_amplitude, phase_losses, spectrum_losses
from hiervox.processors.spectrogram import complex_spectrogram


class APNetTask(GANVocoderTaskBase[APNetExperiment]):
    """A GAN vocoder whose predicted spectra are compared with the recording's, too."""

    def generate(self, generator: nn.Module, batch: Batch) -> Generated:
        """The segments and what the generator predicts; `extras` is its `APNetOutput`."""
        mel = self.input_mel(batch)
        output = generator(mel, spectra=True)
        return self._fitted(batch["wav"], output.wav, output)

    def reconstruction_losses(self, batch: Batch, generated: Generated, step: int) -> dict[str, Tensor]:
        """The mel distance, and those of amplitude, phase and spectrum."""
        made, config = generated.extras, self.config
        real = complex_spectrogram(generated.real.squeeze(1), config.mel)
        own = complex_spectrogram(generated.fake.squeeze(1), config.mel)
        terms = super().reconstruction_losses(batch, generated, step)
        terms["amplitude"] = functional.mse_loss(made.log_amplitude, log_amplitude(real))
        terms |= phase_losses(made.phase, real.angle(), config.loss.phase_kind)
        terms["consistency"] = consistency_loss(made.spectrum, own)
        return terms | spectrum_losses(made.spectrum, real)
