"""From config files to the features that `hiervox extract` and `hiervox validate` see to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hiervox.models.base.data.features import build_features
from hiervox.models.base.data.setup import FeaturesConfig, FeatureSetup
from hiervox.models.base.registry import SYSTEMS, get_part
from hiervox.processors.text.config import TextConfig
from hiervox.utils.config import Config, Layered, load_layers, validate
from hiervox.utils.errors import ConfigError
from hiervox.utils.registry import resolve

if TYPE_CHECKING:
    from hiervox.models.base.config import ExperimentConfig

SPEECH_FIELDS = frozenset({"wav", "f0", "tokens"})
"""What recordings are checked for where no config says what they are for."""
SECTIONS = ("features", "text")


class _Sections(Config):
    features: FeaturesConfig
    text: TextConfig | None = None


def load_plan(configs: Sequence[Path], overrides: Sequence[str] = ()) -> tuple[frozenset[str], FeatureSetup]:
    """The fields that the parts of some experiments read, together, and what the experiments say of them.

    A config that names a system but no part stands for all of its parts. One that names no system stands for
    speech: `wav`, `f0`, `tokens`, and the semantic vectors of its `features` section.

    Args:
        configs: of the parts that are to be trained on one feature folder.
        overrides: `key=value`, of all of them.

    Raises:
        ConfigError: something is wrong in one of them, they contradict one another, or one has neither a
            system nor a section `features`.
    """
    plans = [(path, *plan) for path in configs for plan in _plans(path, overrides)]
    fields = frozenset[str]().union(*(names for _, names, _ in plans))
    settings: dict[str, Any] = {}
    for path, names, setup in plans:
        for key, value in _needs(names, setup).items():
            if settings.setdefault(key, value) != value:
                raise ConfigError(
                    f"{path} says {key} {value}, but {configs[0]} {settings[key]}",
                    "let the configs agree, or extract for each by itself",
                )
    features = {
        key.removeprefix("features."): value for key, value in settings.items() if key.startswith("features.")
    }
    texts = [setup.text for _, _, setup in plans if setup.text is not None]
    update = {"features": FeaturesConfig.model_validate(features), "text": texts[0] if texts else None}
    return fields, plans[0][2].model_copy(update=update)


def _needs(fields: frozenset[str], setup: FeatureSetup) -> dict[str, Any]:
    """Every setting that stored features of an experiment depend on."""
    needs: dict[str, Any] = {
        "data.sample_rate": setup.sample_rate,
        "data.pad_multiple": setup.pad_multiple or setup.hop_length,
    }
    if setup.text is not None:
        needs["text"] = setup.text.model_dump(mode="json")
    for feature in build_features(fields, setup).values():
        needs |= feature.recipe() if feature.stored else {}
    return needs


def _plans(path: Path, overrides: Sequence[str]) -> Iterator[tuple[frozenset[str], FeatureSetup]]:
    """What each part reads that a config file stands for."""
    layered = load_layers(path, overrides)
    system = layered.values.get("system")
    if "part" in layered.values:
        yield _of_part(layered)
    elif system is not None:
        for part in SYSTEMS.named(str(system)).parts:
            if part.task is not None:
                layered = load_layers(path, overrides)
                layered.merge({"part": part.name}, str(path))
                yield _of_part(layered)
    else:
        yield _of_speech(path, layered)


def _of_speech(path: Path, layered: Layered) -> tuple[frozenset[str], FeatureSetup]:
    if "features" not in layered.values:
        raise ConfigError(
            f"{path} names no system and has no section `features`", "name the config file of an experiment"
        )
    sections = validate(_only(layered, SECTIONS), _Sections)
    copies = {"semantic_perturbed"} if sections.features.perturbed_copies else frozenset[str]()
    setup = FeatureSetup(features=sections.features, text=sections.text)
    return SPEECH_FIELDS | {"semantic"} | copies, setup


def _of_part(layered: Layered) -> tuple[frozenset[str], FeatureSetup]:
    """Where its data is to go and come from need not be said yet."""
    layered.values.setdefault("out_dir", "unused")
    data = layered.values.setdefault("data", {})
    if isinstance(data, dict):
        data.setdefault("cuts", "unused")
    part = get_part(str(layered.values.get("system")), str(layered.values["part"]))
    experiment: ExperimentConfig = validate(layered, resolve(part.config))
    if part.task is None:
        raise ConfigError(f"{experiment.system}/{part.name} can't be trained here", "choose another part")
    task = resolve(part.task)(experiment)
    fields: frozenset[str] = task.batch_fields() if hasattr(task, "batch_fields") else frozenset()
    return fields, FeatureSetup.of(experiment)


def _only(layered: Layered, keys: Iterable[str]) -> Layered:
    section = Layered()
    section.values = {key: layered.values[key] for key in keys if key in layered.values}
    section.sources = layered.sources
    return section
