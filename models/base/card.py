"""The system card: what the registry knows of a system without importing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field, replace
from importlib.util import find_spec, resolve_name
from typing import TYPE_CHECKING, Any

from hiervox.utils.errors import ConfigError

if TYPE_CHECKING:
    from hiervox.models.base.tasks import Task

PART_FILES = {
    "config": "config",
    "network": "network",
    "task": "task",
    "importer": "published",
    "state_importer": "published",
}
CARD_FILES = {
    "pipeline": "pipeline",
    "controls": "controls",
    "workloads": "workloads",
    "pretrained": "pretrained",
}
"""Where in a system's folder what a field names lies, if the field does not say."""
DEFAULTS = {"workloads": "WORKLOADS", "pretrained": "ENTRIES"}
"""What a field names where the folder has its file."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One separately trained network of a system.

    Names are completed by the card: `EncodecTask` as `task` is that of the package's `task.py`, and one that
    begins with dots is relative to the package, as in `import`: `.networks.main:Net`, `..pipeline:Pipeline`.

    Attributes:
        name: how configs and the command line call it; by default as the system.
        config: dotted name of its `ExperimentConfig` subclass.
        network: dotted name of the `nn.Module`, or of a function that makes it, from the experiment's `model`
            section.
        parameters: how many the network has at the sizes that `config` has by default; None where that is to
            be counted by building it.
        task: dotted name of its `TrainingTask`; None where the part can't be trained here.
        importer: dotted name of the function that maps the authors' checkpoint onto `network`; None where
            there is none.
        state_importer: dotted name of the function that maps the further networks of the authors' training,
            such as discriminators, onto those of `task`; None where there is none.
    """

    name: str = ""
    config: str
    network: str
    parameters: int | None = None
    task: str | None = None
    importer: str | None = None
    state_importer: str | None = None


@dataclass(frozen=True, kw_only=True)
class SystemCard:
    """A system's entry in the registry. A card's module imports nothing but this one.

    What a card does not say is filled in by the registry, from its task and its package (`completed`).

    Attributes:
        package: the system's folder, `__name__`, by which names are completed.
        name: the system's name, unique over all tasks; by default the folder's.
        task: one of `hiervox.models.base.tasks.TASKS`.
        summary: one line.
        paper: title and identifier.
        weights_licence: licence of the weights that the authors published.
        parts: its separately trained networks, in the order of training.
        part: the only one, in place of `parts`.
        pipeline: dotted name of a function (folder, device) → what goes from a user's input to a waveform, or
            of a class with such a `load`; by default the task's, None where that has none.
        works: what it can do beside what its task says, for the table of systems.
        capabilities: further tasks that its pipeline serves, such as `vc`, and what else verbs ask of one:
            `f0`, `resynthesis`.
        uses: tasks of other systems whose networks its pipeline takes from the same bundle; a pipeline of
            several networks is loaded from a bundle, any other from its checkpoint.
        controls: dotted name of the pydantic model of what a user can set at inference; None where nothing.
        workloads: dotted name of a tuple of `Workload` (`models/base/benchmark/workload.py`), passes of its
            networks that `hiervox benchmark` times; by default `WORKLOADS` of `workloads.py`, if there.
        replacements: dotted name of the module that registers what is put in for its own blocks at inference
            (`modules/kernels/rules.py`); by default `replacements.py`, if that is there.
        pretrained: dotted name of a tuple of `Pretrained` (`models/base/checkpoints/pretrained.py`), the
            published weights; by default `ENTRIES` of `pretrained.py`, if that is there.
        float32_only: whether rounding decides what its networks make, so that they compute in float32 alone.
        weights: name of the bundle or of the pretrained network to use where none is named; None where none
            is.
    """

    package: str = field(default="", kw_only=False)
    name: str = ""
    task: str = ""
    summary: str
    paper: str
    weights_licence: str
    parts: tuple[Part, ...] = ()
    part: InitVar[Part | None] = None
    pipeline: str | None = None
    works: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    controls: str | None = None
    workloads: str | None = None
    replacements: str | None = None
    pretrained: str | None = None
    float32_only: bool = False
    weights: str | None = None

    def __post_init__(self, part: Part | None) -> None:
        *_, task, name = ("", *self.package.split("."))
        whole: dict[str, Any] = {"name": self.name or name, "task": self.task or task}
        whole |= _completed(self, CARD_FILES, self.package)
        if part is not None and self.parts:
            raise ConfigError(f"the card of {whole['name']} names a part and parts", "name either")
        whole["parts"] = tuple(
            replace(
                part,
                name=part.name or whole["name"],
                **_completed(part, PART_FILES, self.package),
            )
            for part in (self.parts or (() if part is None else (part,)))
        )
        for key, value in whole.items():
            object.__setattr__(self, key, value)

    def serves(self, task: str) -> bool:
        """Whether its pipeline serves a task or has a capability."""
        return self.pipeline is not None and task in (self.task, *self.capabilities)

    @property
    def takes_bundle(self) -> bool:
        """Whether its pipeline is loaded from a bundle instead of one checkpoint."""
        return len(self.parts) > 1 or bool(self.uses)


def _completed(entry: object, files: Mapping[str, str], package: str) -> dict[str, Any]:
    """The dotted names of an entry's fields in full, by the files in which they lie."""
    given = {field: name for field in files if (name := getattr(entry, field))} if package else {}
    return {
        field: resolve_name(name, package) if name.startswith(".") else f"{package}.{files[field]}:{name}"
        for field, name in given.items()
        if name.startswith(".") or ":" not in name
    }


def completed(card: SystemCard, task: Task | None) -> SystemCard:
    """A card with what it leaves to its task and to its folder.

    Args:
        card: as its module writes it.
        task: its own; None of one that is not installed.
    """
    found: dict[str, Any] = {}
    for name, default in DEFAULTS.items():
        if getattr(card, name) is None and _has(card.package, CARD_FILES[name]):
            found[name] = default
    if card.replacements is None and _has(card.package, "replacements"):
        found["replacements"] = f"{card.package}.replacements"
    if task is None:
        return replace(card, **found)
    if card.pipeline is None and task.pipeline is not None:
        relative = task.pipeline.startswith(".")
        if not relative or _has(card.package, task.pipeline.strip(".").partition(":")[0]):
            found["pipeline"] = task.pipeline
    by_parts = {
        "training": any(part.task for part in card.parts),
        "published weights": any(part.importer for part in card.parts),
    }
    works = (*task.works, *card.works, *(word for word, can in by_parts.items() if can))
    return replace(card, **found, works=tuple(dict.fromkeys(works)))


def _has(package: str, module: str) -> bool:
    """Whether a package has a module of that name; nothing is imported but the package."""
    return bool(package) and find_spec(f"{package}.{module}") is not None
