"""Training a generator against discriminators."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.adversarial_config import AdversarialExperimentT
from hiervox.models.base.training.cut_task import CutTrainingTask
from hiervox.models.base.training.discriminators import build_discriminator
from hiervox.modules.discriminators.ensemble import DiscriminatorEnsemble
from hiervox.modules.losses.adversarial import discriminator_terms, generator_terms
from hiervox.utils.logging import get_logger

_log = get_logger("train")

DISCRIMINATOR = "discriminator"
"""The name of the network that holds all discriminators."""


@dataclass
class Generated:
    """What a generator's pass made.

    Attributes:
        real: (B, 1, T), recorded.
        fake: (B, 1, T), generated in its place.
        extras: whatever else the system's losses need.
        unpaired: (B', 1, T), generated too, without a recording of the same; discriminators take it.
    """

    real: Tensor
    fake: Tensor
    extras: Any = None
    unpaired: Tensor | None = None

    @property
    def judged(self) -> Tensor:
        """All that was generated, (B + B', 1, T); what stands in place of a recording comes first."""
        if self.unpaired is None:
            return self.fake
        return torch.cat([self.fake, self.unpaired[..., : self.fake.shape[-1]]])


class AdversarialTask(CutTrainingTask[AdversarialExperimentT]):
    """A generator, `main`, and in `discriminator` all discriminators of the config, updated in that order.

    A system gives `build_generator`, `generate` and `reconstruction_losses`. Where no adversarial term has a
    weight there are no discriminators. Where `train.networks.discriminator.start_step` is set, the generator
    learns without them until then.
    """

    # The sum holds adversarial terms, which say nothing about how good a checkpoint is.
    best_metric = "mel"

    def __init__(self, config: AdversarialExperimentT) -> None:
        super().__init__(config)
        self.phases = (DISCRIMINATOR, self.main) if config.adversarial else (self.main,)

    @abstractmethod
    def build_generator(self) -> nn.Module:
        """The network that is saved for inference."""

    @abstractmethod
    def generate(self, generator: nn.Module, batch: Batch) -> Generated:
        """The generator's pass, with gradients."""

    @abstractmethod
    def reconstruction_losses(self, batch: Batch, generated: Generated, step: int) -> dict[str, Tensor]:
        """The generator's unweighted terms other than those of the discriminators."""

    def build_networks(self) -> dict[str, nn.Module]:
        """The generator, and the discriminators where they take part."""
        networks = {self.main: self.build_generator()}
        if self.config.adversarial:
            networks[DISCRIMINATOR] = DiscriminatorEnsemble(
                {name: build_discriminator(entry) for name, entry in self.config.discriminators.items()},
                {name: entry.weight for name, entry in self.config.discriminators.items()},
            )
        return networks

    def adapt_state(self, name: str, network: nn.Module, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """Discriminators that the other run has in the same size are taken along; the rest start anew."""
        if name != DISCRIMINATOR:
            return tensors
        adapted = network.state_dict()
        for member in self.config.discriminators:
            prefix = f"members.{member}."
            own = {key: value.shape for key, value in adapted.items() if key.startswith(prefix)}
            given = {key: value for key, value in tensors.items() if key.startswith(prefix)}
            if own == {key: value.shape for key, value in given.items()}:
                adapted.update(given)
            else:
                _log.warning("the discriminator %s is not in the given run, and starts anew", member)
        return adapted

    def forward(self, networks: Mapping[str, nn.Module], batch: Batch) -> Generated:
        """The generator's pass."""
        return self.generate(networks[self.main], batch)

    def losses(
        self, phase: str, networks: Mapping[str, nn.Module], batch: Batch, output: Generated, step: int
    ) -> dict[str, Tensor]:
        """The discriminators' loss; or the system's terms, with `adversarial` and `feature_matching`."""
        loss = self.config.loss
        if phase == DISCRIMINATOR:
            return discriminator_terms(
                networks[DISCRIMINATOR], output.real, output.judged, loss.kind, loss.reduction
            )
        terms = self.reconstruction_losses(batch, output, step)
        if self.config.adversarial and self.has_started(DISCRIMINATOR, step):
            terms |= generator_terms(
                networks[DISCRIMINATOR], output.real, output.judged, loss.kind, loss.reduction
            )
        return terms

    def weights(self, step: int) -> Mapping[str, float]:
        """Those of the config."""
        return self.config.loss.at(step)
