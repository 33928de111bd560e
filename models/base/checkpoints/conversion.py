"""A checkpoint that authors published becomes a checkpoint folder of ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hiervox.models.base.checkpoints.building import bounded_building
from hiervox.models.base.checkpoints.checkpoint import (
    CONFIG_NAME,
    WEIGHTS_NAME,
    inference_config,
    load_network,
    read_json,
    save_weights,
)
from hiervox.models.base.checkpoints.importing import read_published, read_published_state
from hiervox.models.base.checkpoints.tensor_files import save_tensors
from hiervox.models.base.registry import get_part
from hiervox.models.base.training.run_folder import STATE_NAME
from hiervox.models.base.training.state import network_file
from hiervox.utils.config import read_json5
from hiervox.utils.errors import CheckpointError, ConfigError, shortened
from hiervox.utils.files import whole_folder, write_json
from hiervox.utils.outputs import check_outputs
from hiervox.utils.registry import resolve

if TYPE_CHECKING:
    from torch import Tensor


def convert_published(
    system: str,
    part: str,
    checkpoint: Path,
    config: Path | None,
    out: Path,
    overwrite: bool = False,
    state: Path | None = None,
) -> int:
    """Write `checkpoint` as a folder that `load_network` reads, and read it once.

    Args:
        system, part: whose weights they are.
        checkpoint: the authors' file.
        config: the authors' config beside it (JSON); None where the weights say all.
        out: the folder to write; it appears when it is whole.
        overwrite: replace a checkpoint folder that is already there.
        state: the authors' file of further networks of the training, such as discriminators, which a
            fine-tuning starts from.

    Returns:
        The number of weights.

    Raises:
        ConfigError: no such part, no importer for it, or an unusable config file.
        ConfigError: `out` holds an input, or is taken without `overwrite`.
        CheckpointError: `out` holds anything but a converted checkpoint, or the file is broken or not that
            part's.
    """
    importer = get_part(system, part).importer
    if importer is None:
        raise ConfigError(f"no published weights of {system}/{part} are known", "choose another part")
    further = {} if state is None else _further_networks(system, part, state)
    out = _checked(out, overwrite, (checkpoint, config, state))
    imported, tensors = _import(importer, checkpoint, config)
    sections = imported if isinstance(imported, Mapping) else {"model": imported}
    with whole_folder(out) as partial:
        trees = {name: section.model_dump(mode="json") for name, section in sections.items()}
        save_weights(partial, tensors, {"system": system, "part": part, **trees})
        for name, weights in further.items():
            (partial / STATE_NAME).mkdir(exist_ok=True)
            save_tensors(network_file(partial / STATE_NAME, name), weights)
        network, experiment = load_network(partial)
        # again, with the defaults of today: what was published must not follow later ones
        write_json(partial / CONFIG_NAME, inference_config(experiment.model_dump(mode="json")))
    return sum(parameter.numel() for parameter in network.parameters())


def _further_networks(system: str, part: str, state: Path) -> dict[str, dict[str, Tensor]]:
    importer = get_part(system, part).state_importer
    if importer is None:
        raise ConfigError(f"no published training state of {system}/{part} is known", "leave it out")
    further: dict[str, dict[str, Tensor]] = resolve(importer)(read_published_state(state))
    return {
        name: {key: tensor.contiguous() for key, tensor in tensors.items()}
        for name, tensors in further.items()
    }


def _import(importer: str, checkpoint: Path, config: Path | None) -> tuple[Any, dict[str, Tensor]]:
    """What the importer makes of the authors' files: our config (or several sections), our tensors."""
    published, tree = read_published(checkpoint), {} if config is None else read_json5(config)
    try:
        with bounded_building(config or checkpoint):
            imported, tensors = resolve(importer)(published, tree)
    except (LookupError, AttributeError) as error:
        raise ConfigError(
            f"{config} is not the config of {checkpoint} ({type(error).__name__}: {shortened(str(error))})",
            "take the one that was published with it",
        ) from error
    return imported, tensors


def _checked(out: Path, overwrite: bool, inputs: Iterable[Path | None]) -> Path:
    """The folder to write, behind all links; what is replaced is what an earlier conversion made, no more."""
    check_outputs((), overwrite, folders=[out], inputs=inputs)
    out = out.resolve()
    names = {path.name for path in out.iterdir()} if out.is_dir() else set()
    alike = names - {STATE_NAME} == {CONFIG_NAME, WEIGHTS_NAME}
    if names and not (alike and {"system", "part"} <= set(read_json(out / CONFIG_NAME))):
        raise CheckpointError(
            f"{out} is not a converted checkpoint, and is not replaced", "choose another --out"
        )
    return out
