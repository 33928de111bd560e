"""Golden files of published code, and agreement with them; docs/guides/golden_files.md has the format."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from hiervox.models.base.checkpoints.checkpoint import load_weights
from hiervox.utils.errors import DataError
from tests.stand_in import stand_ins

TOLERANCE = 1e-3
SHARED = Path(__file__).resolve().parents[2] / "shared"
OFFICIAL = SHARED / "parity" / "official"
STATE_PREFIX = "state."

Output = tuple[str, Tensor] | tuple[str, Tensor, Tensor]
"""The name of a golden tensor and what ours computes; or a label, what ours computes, and what is golden."""
Case = Callable[["Golden"], Iterable[Output]]
"""Computes the tensors of one golden file."""


_device = torch.device("cpu")


@contextmanager
def computed_on(device: torch.device) -> Iterator[None]:
    """Put golden tensors and `with_weights` on a device, which multiplies float32 as float32."""
    global _device
    before = _device, torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    _device = device
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        _device, torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before


def relative_error(actual: Tensor, golden: Tensor) -> float:
    """Largest absolute difference divided by the golden tensor's standard deviation.

    For one number it is the relative difference. Integers and truth values are 0 where all are equal. A
    tensor of another shape, or one that is not finite, is infinitely wrong.
    """
    if actual.shape != golden.shape:
        return float("inf")
    actual, golden = actual.cpu(), golden.cpu()
    if not golden.is_floating_point():
        return 0.0 if torch.equal(actual.to(golden.dtype), golden) else float("inf")
    if not torch.isfinite(actual).all():
        return float("inf")
    difference = float((actual.double() - golden.double()).abs().max())
    scale = float(golden.double().std() if golden.numel() > 1 else golden.double().abs().max())
    return difference / scale if scale > 0 else (0.0 if difference == 0 else float("inf"))


def nearest_angle(angle: Tensor, golden: Tensor) -> Tensor:
    """`angle` (any shape, radians) moved by whole turns to within π of `golden`: π and -π are one angle."""
    return angle + 2 * torch.pi * torch.round((golden - angle) / (2 * torch.pi))


class Golden:
    """One golden file of a folder.

    Args:
        folder: of golden files.
        name: of the file, without its suffix.
        salt: of the stand-in weights.

    Attributes:
        unused: names of tensors that nothing has asked for or been compared with.
    """

    def __init__(self, folder: Path, name: str, salt: int = 0) -> None:
        self.folder = folder
        self.name = name
        self.salt = salt
        self.unused: set[str] = set()

    @cached_property
    def tensors(self) -> dict[str, Tensor]:
        """Inputs and golden outputs."""
        tensors = load_weights(self.folder / f"{self.name}.safetensors")
        self.unused = set(tensors)
        return {name: tensor.to(_device) for name, tensor in tensors.items()}

    @cached_property
    def document(self) -> Any:
        """The content of a golden JSON file."""
        return _read_json(self.folder / f"{self.name}.json")

    def __getitem__(self, key: str) -> Tensor:
        if key not in self.tensors:
            raise DataError(f"{self.name}.safetensors in {self.folder} has no {key}", "restore the file")
        self.unused.discard(key)
        return self.tensors[key]

    def __contains__(self, key: object) -> bool:
        return key in self.tensors

    def names(self, pattern: str) -> list[str]:
        """Names of tensors that match the whole pattern, sorted."""
        return sorted(name for name in self.tensors if re.fullmatch(pattern, name))

    @cached_property
    def spec(self) -> dict[str, list[int]]:
        """Names and shapes of the published state dict."""
        spec: dict[str, list[int]] = _read_json(self.find(f"{self.name}.spec.json"))
        return spec

    def find(self, name: str) -> Path:
        """A file of the golden folder, of the one above it, or of ../shared/parity.

        Raises:
            DataError: there is none.
        """
        places = [self.folder, self.folder.parent, OFFICIAL, OFFICIAL.parent]
        for place in places:
            if (place / name).is_file():
                return place / name
        raise DataError(f"no {name} in {self.folder} or beside it", "put it there")

    def state_dict(self) -> dict[str, Tensor]:
        """The published state dict with stand-in values.

        They are scaled by `NAME.scale.json` where there is one; tensors `state.NAME` take the place of NAME.
        """
        tensors = stand_ins(self.spec, self.salt)
        for pattern, factor in self._scales().items():
            for name in tensors:
                if re.fullmatch(pattern, name):
                    tensors[name] = tensors[name] * factor
        for name in self.names(re.escape(STATE_PREFIX) + ".+"):
            tensors[name.removeprefix(STATE_PREFIX)] = self[name].cpu()
        return tensors

    def _scales(self) -> dict[str, float]:
        try:
            path = self.find(f"{self.name}.scale.json")
        except DataError:
            return {}
        scales: dict[str, float] = _read_json(path)
        return scales

    def errors(self, outputs: Iterable[Output]) -> Iterator[tuple[str, float]]:
        """The error of each output.

        Raises:
            DataError: an output has no golden tensor of its name.
        """
        for output in outputs:
            name, actual = output[0], output[1]
            yield name, relative_error(actual, output[2] if len(output) == 3 else self[name])


def with_weights(network: nn.Module, weights: dict[str, Tensor]) -> Any:
    """`network` in eval mode, with these weights and no others."""
    network.load_state_dict(weights)
    return network.to(_device).eval()


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"can't read {path} ({error})", "restore it") from error
