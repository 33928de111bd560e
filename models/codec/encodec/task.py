"""Training of EnCodec (arXiv 2210.13438, sections 3.4 and 4.1, with audiocraft's choices)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.adversarial import DISCRIMINATOR, AdversarialTask, Generated
from hiervox.models.base.training.task import Media
from hiervox.models.codec.encodec.config import EncodecExperiment
from hiervox.models.codec.encodec.losses.balancer import LossBalancer
from hiervox.models.codec.encodec.losses.mel_power import MultiScaleMelLoss
from hiervox.models.codec.encodec.networks.encodec import Encodec

BALANCED = ("wave", "mel", "adversarial", "feature_matching")
"""Terms whose weights are shares of the gradient at the output."""
BALANCER = "balancer"
"""Where the discriminators' network holds the balancer, so that its running means are saved with it."""


class EncodecTask(AdversarialTask[EncodecExperiment]):
    """Random segments, coded with as many codebooks as one of `model.bandwidths` has, drawn for each batch.

    Where no discriminator takes part there is no balancer, and weights are plain.
    """

    fields: ClassVar[frozenset[str]] = frozenset({"wav"})

    def __init__(self, config: EncodecExperiment) -> None:
        super().__init__(config)
        loss = config.loss
        self.mel_loss = MultiScaleMelLoss(
            config.model.sample_rate,
            loss.mel_windows,
            n_mels=loss.mel_bins,
            f_min=loss.mel_f_min,
            distance=loss.mel_distance,
        )
        self.codebooks = [config.model.codebooks_for(rate) for rate in config.model.bandwidths]

    def build_generator(self) -> nn.Module:
        """The codec."""
        return Encodec(self.config.model)

    def build_networks(self) -> dict[str, nn.Module]:
        """The codec, and the discriminators with the balancer where they take part."""
        networks = super().build_networks()
        if DISCRIMINATOR in networks:
            loss = self.config.loss
            shares = {name: weight for name, weight in loss.at(0).items() if name in BALANCED}
            balancer = LossBalancer(shares, decay=loss.balancer_decay)
            networks[DISCRIMINATOR].add_module(BALANCER, balancer)
        return networks

    def generate(self, generator: nn.Module, batch: Batch) -> Generated:
        """Code and decode; `extras` is the commitment loss."""
        real = batch["wav"].unsqueeze(1).expand(-1, self.config.model.audio_channels, -1)
        fake, quantized = generator(real, self._n_codebooks(generator.training))
        return Generated(real=real, fake=fake, extras=quantized.commitment)

    def _n_codebooks(self, training: bool) -> int:
        """Drawn in training; the most otherwise."""
        if not training:
            return max(self.codebooks)
        return self.codebooks[int(torch.randint(len(self.codebooks), ()))]

    def reconstruction_losses(self, batch: Batch, generated: Generated, step: int) -> dict[str, Tensor]:
        """`wave`, `mel` and `commitment`."""
        self.mel_loss.to(generated.fake.device)
        return {
            "wave": F.l1_loss(generated.fake.float(), generated.real.float()),
            "mel": self.mel_loss(generated.fake, generated.real),
            "commitment": generated.extras,
        }

    def losses(
        self, phase: str, networks: Mapping[str, nn.Module], batch: Batch, output: Generated, step: int
    ) -> dict[str, Tensor]:
        """As of any adversarial task; the generator's gradient comes from `balanced` and `commitment`."""
        terms = super().losses(phase, networks, batch, output, step)
        if phase == DISCRIMINATOR or not self.config.adversarial or not torch.is_grad_enabled():
            return terms
        balancer = networks[DISCRIMINATOR].get_submodule(BALANCER)
        chosen = {name: terms[name] for name in BALANCED if name in terms}
        reported = {name: term.detach() for name, term in terms.items() if name in chosen}
        return {**terms, **reported, "balanced": balancer(chosen, output.fake)}

    def weights(self, step: int) -> Mapping[str, float]:
        """Those of the config; what the balancer returns counts as it is."""
        return {**super().weights(step), "balanced": 1.0}

    def media(self, networks: Mapping[str, nn.Module], batch: Batch) -> Media:
        """The first segment: recorded, and decoded at each bandwidth."""
        network, rate = networks[self.main], self.config.model.sample_rate
        wav = batch["wav"][:1].unsqueeze(1).expand(-1, self.config.model.audio_channels, -1)
        sounds = {"recorded": wav[0].mean(0)}
        for bandwidth, n_codebooks in zip(self.config.model.bandwidths, self.codebooks, strict=True):
            sounds[f"{bandwidth:g}_kbps"] = network(wav, n_codebooks)[0][0].mean(0)
        return Media(audio={name: (sound, rate) for name, sound in sounds.items()})
