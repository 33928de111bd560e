"""What is timed of a system's network, and how the published code computes the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor, nn

Run = Callable[[], Tensor]


@dataclass(frozen=True)
class Size:
    """How much work.

    Attributes:
        seconds: of speech.
        batch: utterances of that length.
        seed: of inputs and random weights.
        device: where inputs and published networks are to be.
    """

    seconds: float = 4.0
    batch: int = 1
    seed: int = 0
    device: str = "cpu"


@dataclass(frozen=True)
class Published:
    """The published network with random weights.

    Attributes:
        state_dict: its weights, by the authors' names; empty where the pass needs none.
        run: its pass.
    """

    state_dict: dict[str, Tensor]
    run: Run


@dataclass(frozen=True)
class Workload:
    """A pass of one of a system's networks, as inference has it.

    Attributes:
        name: how the command line calls it.
        part: of the system's card.
        prepare: (network, size) → the pass. The network is prepared for inference, or for training.
        published: (checkout of the authors' repository, size) → their network; None where their code computes
            nothing of the kind. Inputs follow from the size alone, so that both sides have the same.
        published_config: what the part's importer reads beside the weights.
        experiment: sections of the part's config that differ from its defaults, for random weights.
        most_seconds: of speech, where more would take too long; a larger size is cut to it.
        trains: whether the pass is a training step. It gives its losses, of which each is compared with the
            published one by that one's own size.
        compared: whether both sides' outputs are; not where each draws random numbers of its own.
    """

    name: str
    part: str
    prepare: Callable[[nn.Module, Size], Run]
    published: Callable[[Path, Size], Published] | None = None
    published_config: Mapping[str, Any] = field(default_factory=dict)
    experiment: Mapping[str, Any] = field(default_factory=dict)
    most_seconds: float | None = None
    trains: bool = False
    compared: bool = True
