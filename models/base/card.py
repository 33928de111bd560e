"""The system card: what the registry knows of a system without importing it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """One separately trained network of a system.

    Attributes:
        name: how configs and the command line call it.
        config: dotted name of its `ExperimentConfig` subclass.
        network: dotted name of the `nn.Module`, or of a function that makes it, from the experiment's `model`
            section.
        task: dotted name of its `TrainingTask`; None where the part can't be trained here.
        importer: dotted name of the function that maps the authors' checkpoint onto `network`; None where
            there is none.
        state_importer: dotted name of the function that maps the further networks of the authors' training,
            such as discriminators, onto those of `task`; None where there is none.
    """

    name: str
    config: str
    network: str
    task: str | None = None
    importer: str | None = None
    state_importer: str | None = None


@dataclass(frozen=True)
class SystemCard:
    """A system's entry in the registry. A card's module imports nothing but this one.

    Attributes:
        name: the system's name, unique over all tasks.
        task: one of `hiervox.models.base.pipelines.protocols.TASKS`.
        summary: one line.
        paper: title and identifier.
        weights_licence: licence of the weights that the authors published.
        parts: its separately trained networks, in the order of training.
        pipeline: dotted name of a function (folder, device) → what goes from a user's input to a waveform, or
            of a class with such a `load`; None where none is.
        works: what it can do today, for the table of systems.
        capabilities: further tasks that its pipeline serves, such as `vc`, and what else verbs ask of one:
            `f0`, `resynthesis`.
        uses: tasks of other systems whose networks its pipeline takes from the same bundle; a pipeline of
            several networks is loaded from a bundle, any other from its checkpoint.
        controls: dotted name of the pydantic model of what a user can set at inference; None where nothing.
        workloads: dotted name of a tuple of `Workload` (`models/base/benchmark/workload.py`), passes of its
            networks that `hiervox benchmark` can time; None where there are none.
        pretrained: dotted name of a tuple of `Pretrained` (`models/base/checkpoints/pretrained.py`), the
            published weights; None where there are none.
        weights: name of the bundle or of the pretrained network to use where none is named; None where none
            is.
    """

    name: str
    task: str
    summary: str
    paper: str
    weights_licence: str
    parts: tuple[Part, ...]
    pipeline: str | None = None
    works: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    controls: str | None = None
    workloads: str | None = None
    pretrained: str | None = None
    weights: str | None = None

    def serves(self, task: str) -> bool:
        """Whether its pipeline serves a task or has a capability."""
        return self.pipeline is not None and task in (self.task, *self.capabilities)

    @property
    def takes_bundle(self) -> bool:
        """Whether its pipeline is loaded from a bundle instead of one checkpoint."""
        return len(self.parts) > 1 or bool(self.uses)
