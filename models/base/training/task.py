"""What differs between systems in training: networks, one step's losses, what to look at."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from torch import Tensor, nn

from hiervox.models.base.config import ExperimentConfig
from hiervox.models.base.data.batch import Batch, Split

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ExperimentT = TypeVar("ExperimentT", bound=ExperimentConfig)


@dataclass
class Media:
    """What a validation shows: name → (waveform (T,), Hz) and name → picture."""

    audio: dict[str, tuple[Tensor, int]] = field(default_factory=dict)
    figures: dict[str, Figure] = field(default_factory=dict)


class TrainingTask(ABC, Generic[ExperimentT]):
    """One part's training, as the loop in `hiervox.models.base.training.loop` sees it.

    In every step the loop calls `forward` once and then, for each name in `phases`, `losses`; it sums the
    terms with `weights`, and updates the network of that name. A GAN has two phases, others have one. A phase
    is left out before its network's `start_step` and between its periods (`train.networks`).

    Attributes:
        config: the experiment.
        phases: names of networks in the order in which a step updates them.
        main: the network that is saved for inference (and averaged, where EMA is on).
        best_metric: the validation value, lower is better, by which the best checkpoints are kept.
        n_steps: of the training, as far as is known; the engine sets it.
        pins_batches: whether a loader puts batches where a GPU can copy from while the processor goes on; the
            engine sets it.
    """

    phases: tuple[str, ...] = ("main",)
    main: str = "main"
    best_metric: str = "total"
    pins_batches: bool = False

    def __init__(self, config: ExperimentT) -> None:
        self.config = config
        self.n_steps = config.train.max_steps

    @abstractmethod
    def build_networks(self) -> dict[str, nn.Module]:
        """All networks by name, on the CPU, in a fixed order."""

    @abstractmethod
    def loader(
        self, split: Split, *, epoch: int, skip_batches: int, rank: int, world_size: int
    ) -> Iterable[Batch]:
        """The batches of one epoch from number `skip_batches` on; the same for the same arguments."""

    @abstractmethod
    def forward(self, networks: Mapping[str, nn.Module], batch: Batch) -> Any:
        """The main network's pass, with gradients. Whatever it returns goes to `losses`."""

    @abstractmethod
    def losses(
        self, phase: str, networks: Mapping[str, nn.Module], batch: Batch, output: Any, step: int
    ) -> dict[str, Tensor]:
        """The unweighted loss terms of one phase, by name. Networks of other phases are frozen meanwhile.

        Args:
            phase: the name of the network that is updated.
            networks: all of them.
            batch: as `loader` gave it, on the networks' device.
            output: what `forward` returned.
            step: optimizer steps done.
        """

    def data_fingerprint(self) -> str | None:
        """What tells the data of this run from other data at the same place; None where nothing does.

        Raises:
            DataError: the data can't be read.
        """
        return None

    def adapt_weights(self, tensors: dict[str, Tensor], given: ExperimentConfig) -> dict[str, Tensor]:
        """The main network's weights of another experiment of the part, made to fit this one's network.

        Args:
            tensors: what `--init-from` names.
            given: the experiment that they are of.

        Raises:
            ConfigError: they can't be.
        """
        return tensors

    def adapt_state(self, name: str, network: nn.Module, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """The weights of another run's network of that name, made to fit this one's.

        Args:
            name: of a network that is not the main one.
            network: this run's.
            tensors: the other run's.
        """
        return tensors

    def weights(self, step: int) -> Mapping[str, float]:
        """The weight of each term once so many optimizer steps are done; 1 where none is given."""
        return {}

    def has_started(self, network: str, step: int) -> bool:
        """Whether a network is trained by now, by its `start_step` and `start_share`."""
        return step >= self.config.train.of(network).first_step(self.n_steps)

    def validate(self, networks: Mapping[str, nn.Module], batch: Batch, step: int) -> dict[str, Tensor]:
        """Values to average over the dev set: by default the main network's own terms and their sum."""
        terms = self.losses(self.main, networks, batch, self.forward(networks, batch), step)
        return {**terms, "total": self.total(terms, step)}

    def media(self, networks: Mapping[str, nn.Module], batch: Batch) -> Media:
        """Sounds and pictures of one dev batch. Nothing by default."""
        return Media()

    def total(self, terms: Mapping[str, Tensor], step: int) -> Tensor:
        """The weighted sum of loss terms."""
        weights = self.weights(step)
        return sum(
            (weights.get(name, 1.0) * term for name, term in terms.items()),
            start=next(iter(terms.values())) * 0,
        )
