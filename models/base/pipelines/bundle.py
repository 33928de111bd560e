"""Model bundles: a folder with one checkpoint folder for each network, ready to use.

Which folder holds what is said by the checkpoints' configs, so that a bundle's networks may be of several
systems::

    text_to_vec/  synthesizer/      the parts of one system: model.safetensors and config.json each
    wide/                           any network of task `sr`, for a higher rate
    clean/                          any network of task `enhancement`, for noisy prompts
    prompts/                        recordings of voices that the bundle brings along
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hiervox import models
from hiervox.models.base.card import SystemCard
from hiervox.models.base.checkpoints.checkpoint import (
    CHECKPOINTS_NAME,
    CONFIG_NAME,
    find_checkpoint,
    read_experiment,
    read_json,
)
from hiervox.models.base.checkpoints.remote import fetched_model
from hiervox.models.base.hub.fetching import fetched_from_hub
from hiervox.models.base.hub.names import hub_name
from hiervox.models.base.registry import SYSTEMS
from hiervox.utils.errors import CheckpointError, ConfigError
from hiervox.utils.registry import nearest, resolve
from hiervox.utils.storage import hiervox_home, url_of

if TYPE_CHECKING:
    import torch

    from hiervox.models.base.pipelines.protocols import Enhancement, SuperResolution

DEFAULT_BUNDLES = ("box", "mini")
"""What is spoken with where no model is named: the first of these that is there."""
PROMPT_SUFFIX = ".flac"


@dataclass(frozen=True)
class BundlePart:
    """A checkpoint in a bundle.

    Attributes:
        folder: of the bundle, a checkpoint or a run.
        checkpoint: the checkpoint folder itself.
        part: what it is of its system.
        card: of its system.
    """

    folder: Path
    checkpoint: Path
    part: str
    card: SystemCard


def bundle_homes() -> tuple[Path, ...]:
    """Where named bundles are: `pretrained/` of the repository, then `models/` of $HIERVOX_HOME."""
    repository = Path(next(iter(models.__path__))).parent
    return repository / "pretrained", hiervox_home() / "models"


def installed_bundles() -> dict[str, Path]:
    """All named bundles; the repository's go before a user's of the same name."""
    return {folder.name: folder for home in reversed(bundle_homes()) for folder in folders_in(home)}


def resolve_bundle(name: str | None = None, bare: bool = False) -> Path:
    """The folder of a model.

    Args:
        name: a folder, the name of a bundle in `bundle_homes`, `hf:OWNER/NAME[@REVISION]` on the Hugging Face
            Hub, or a URL, whose files are copied to this machine; None for the default one.
        bare: whether OWNER/NAME that is no folder is on the Hub, too.

    Raises:
        ConfigError: there is no such model.
        CheckpointError, DataError, DependencyError: there is none on the Hub or at the URL, or it can't be
            had.
    """
    if name is not None and (on_hub := hub_name(name)) is not None:
        return fetched_from_hub(on_hub)
    if name is not None and (url := url_of(name)) is not None:
        return fetched_model(url)
    installed = installed_bundles()
    if name is None:
        for default in DEFAULT_BUNDLES:
            if default in installed:
                return installed[default]
        raise ConfigError("no model is installed", "name a folder: --model DIR")
    if name in installed:
        return installed[name]
    if name and Path(name).expanduser().is_dir():
        return Path(name).expanduser()
    if bare and (on_hub := hub_name(name, bare)) is not None:
        return fetched_from_hub(on_hub)
    raise ConfigError(
        f"no model {name!r}", f"name a folder or an installed model ({nearest(name, installed)})"
    )


def shared_model(name: str | None = None) -> str:
    """What other machines find a model by: its URL, or its folder on storage that they share.

    Raises:
        As `resolve_bundle`.
    """
    url = None if name is None else url_of(name)
    return str(resolve_bundle(name).resolve()) if url is None else url


def folders_in(home: Path) -> list[Path]:
    """The folders right below one that are meant to be seen, by name; none where there is no such place."""
    if not home.is_dir():
        return []
    return [folder for folder in sorted(home.iterdir()) if folder.is_dir() and folder.name[0] not in "._"]


def prompts_of(bundle: Path) -> list[Path]:
    """The recordings of voices that a bundle brings along, by name."""
    return sorted(bundle.glob(f"prompts/*{PROMPT_SUFFIX}"))


def voice_of_prompt(prompt: Path) -> Path:
    """Where a bundle keeps what its networks take from one of `prompts_of`: `voices/NAME.safetensors`."""
    return prompt.parent.parent / "voices" / f"{prompt.stem}.safetensors"


def is_checkpoint(folder: Path) -> bool:
    """Whether a folder is a checkpoint or a run folder, and no bundle of such."""
    return (folder / CONFIG_NAME).is_file() or (folder / CHECKPOINTS_NAME).is_dir()


def part_of(folder: Path) -> BundlePart:
    """What a checkpoint or run folder holds; only its config is read.

    Raises:
        CheckpointError: there is no checkpoint, or its config is broken.
        ConfigError: its system is not installed.
    """
    checkpoint = find_checkpoint(folder)
    tree = read_json(checkpoint / CONFIG_NAME)
    for key in ("system", "part"):
        if not isinstance(tree.get(key), str):
            raise CheckpointError(f"{checkpoint / CONFIG_NAME} names no {key}", "restore the file")
    system = tree["system"]
    if system not in SYSTEMS and system not in SYSTEMS.left_out:
        raise ConfigError(
            f"no system {system!r}, which {checkpoint} is of",
            f"install the package that brings it; {nearest(system, SYSTEMS)}",
        )
    return BundlePart(folder, checkpoint, tree["part"], SYSTEMS.named(system))


def parts_of(bundle: Path) -> list[BundlePart]:
    """All checkpoints of a bundle by the names of their folders, or the one that it is; reads configs only.

    Raises:
        As `part_of`.
    """
    if is_checkpoint(bundle):
        return [part_of(bundle)]
    return [part_of(folder) for folder in folders_in(bundle) if is_checkpoint(folder)]


def part_checkpoint(bundle: Path, part: str) -> Path:
    """The checkpoint folder that a bundle holds under the name of a part.

    Raises:
        CheckpointError: the bundle has no such part.
    """
    if not (bundle / part).is_dir():
        raise CheckpointError(f"{bundle} has no folder {part}", "put the checkpoint of that part there")
    return find_checkpoint(bundle / part)


def find_part(bundle: Path, task: str, rate: int | None = None) -> BundlePart:
    """The checkpoint of a bundle whose system serves a task.

    Args:
        bundle: the bundle, or a single checkpoint.
        task: as cards call it.
        rate: Hz that it has to speak at, where systems of the task say so (`output_rate`); None for any.

    Raises:
        CheckpointError: the bundle has none, or what it has is broken.
    """
    serving = [part for part in parts_of(bundle) if part.card.serves(task)]
    rates = [output_rate(part) if rate else None for part in serving]
    for part, own in zip(serving, rates, strict=True):
        if own in (None, rate):
            return part
    what = f"network for {task}" + (f" to {rate} Hz" if rate else "")
    if serving:
        raise CheckpointError(f"{bundle} has no {what}", f"it has one to {_listed(rates)} Hz")
    systems = ", ".join(card.name for card in SYSTEMS.values() if card.serves(task)) or "none installed"
    raise CheckpointError(f"{bundle} has no {what}", f"put a checkpoint of such a system there ({systems})")


def _listed(rates: Sequence[int | None]) -> str:
    return ", ".join(str(rate) for rate in sorted({rate for rate in rates if rate}))


def output_rate(part: BundlePart) -> int | None:
    """Hz of what a checkpoint makes, from its config; None where its pipeline class does not say."""
    pipeline = pipeline_of(part.card)
    rate_of = getattr(pipeline, "output_rate", None)
    return None if rate_of is None else int(rate_of(read_experiment(part.checkpoint)))


def open_pipeline(
    card: SystemCard, folder: Path, device: str | torch.device = "cpu", precision: str | None = None
) -> Any:
    """The pipeline of a system, from the folder of a bundle, a checkpoint or a run.

    Args:
        card: of the system.
        folder: what its pipeline is opened with.
        device: where its networks run.
        precision: in which they compute, see `opened_in`.

    Raises:
        ConfigError: the card names no pipeline, or the precision is not to be had.
        CheckpointError: a checkpoint is missing, broken, or another system's.
    """
    import torch

    from hiervox.models.base.pipelines.precision import opened_in

    pipeline = pipeline_of(card)
    load = getattr(pipeline, "load", pipeline)
    return opened_in(precision, torch.device(device), card, lambda: load(folder, device))


def pipeline_of(card: SystemCard) -> Any:
    """What a card names as its pipeline: a class with `load`, or a function like it.

    Raises:
        ConfigError: it names none, or it can't be imported.
    """
    if card.pipeline is None:
        raise ConfigError(f"{card.name} has no pipeline", "it can be trained, and used from Python")
    return resolve(card.pipeline)


def load_part(bundle: Path, task: str, device: str | torch.device = "cpu", rate: int | None = None) -> Any:
    """The pipeline of the checkpoint of a bundle whose system serves a task.

    Raises:
        As `find_part`.
    """
    part = find_part(bundle, task, rate)
    return open_pipeline(part.card, part.folder, device)


def load_upsampler(bundle: Path, rate: int, device: str | torch.device = "cpu") -> SuperResolution:
    """The super-resolution network of a bundle for one output rate (Hz).

    Raises:
        CheckpointError: the bundle has none for this rate, or what stands there is broken.
    """
    upsampler: SuperResolution = load_part(bundle, "sr", device, rate)
    return upsampler


def load_denoiser(bundle: Path, device: str | torch.device = "cpu") -> Enhancement:
    """The denoising network of a bundle.

    Raises:
        CheckpointError: the bundle has none, or what stands there is broken.
    """
    denoiser: Enhancement = load_part(bundle, "enhancement", device)
    return denoiser
