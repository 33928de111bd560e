"""Put the trained parts together into one folder that `hiervox tts`, `vc` and `sr` take as --model."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from hiervox.models.base.checkpoints.checkpoint import (
    CONFIG_NAME,
    WEIGHTS_NAME,
    find_checkpoint,
    load_weights,
)
from hiervox.utils.files import give_default_mode, publish_folder


def assemble(
    runs: Path, parts: Sequence[str], out: Path, half: bool = False, rounded: Sequence[str] = ()
) -> None:
    """Copy weights and config of the last checkpoint of each part's run to `out/<part>`, each in one step.

    Args:
        runs: folder with one run or checkpoint folder a part.
        parts: names of these, or `part=run` where the run has another name.
        out: the bundle.
        half: whether weights are kept in half precision, or in 8 bits where these lose nothing; networks
            take them up in single precision.
        rounded: with `half`, beginnings of names of weights that are rounded to 8 bits, whatever they lose:
            of networks that only training needs.

    Raises:
        CheckpointError: a part has no checkpoint; nothing is copied.
    """
    checkpoints = {
        part: find_checkpoint(runs / (run or part))
        for part, _, run in (name.partition("=") for name in parts)
    }
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".assembling-") as temporary:
        for part, checkpoint in checkpoints.items():
            folder = Path(temporary) / part
            folder.mkdir()
            for name in (WEIGHTS_NAME, CONFIG_NAME):
                shutil.copyfile(checkpoint / name, folder / name)
            if half:
                _halve(folder / WEIGHTS_NAME, tuple(rounded))
            publish_folder(folder, out / part)


def _halve(path: Path, rounded: tuple[str, ...]) -> None:
    tensors = load_weights(path)
    save_file({name: _narrowed(tensors[name], name.startswith(rounded)) for name in tensors}, path)
    give_default_mode(path)


def _narrowed(tensor: Tensor, rounded: bool) -> Tensor:
    """Floating-point numbers in 16 bits, or in 8 where these hold them exactly or they are to be rounded."""
    if not tensor.is_floating_point():
        return tensor
    narrow = tensor.to(torch.float8_e4m3fn)
    return narrow if rounded or torch.equal(narrow.float(), tensor.float()) else tensor.half()


def main() -> None:
    """Parse and assemble."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, required=True, help="folder with one run folder a part")
    parser.add_argument("--parts", nargs="+", required=True, help="names of these, or PART=RUN")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--half", action="store_true", help="keep the weights in half precision")
    parser.add_argument(
        "--round",
        nargs="+",
        default=[],
        metavar="NETWORK",
        help="with --half, in 8 bits: what only training needs",
    )
    arguments = parser.parse_args()
    names = [f"{name}." for name in arguments.round]
    assemble(arguments.runs, arguments.parts, arguments.out, arguments.half, names)


if __name__ == "__main__":
    main()
