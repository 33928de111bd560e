"""Stand-ins for packages that published repositories import, so that those need not be installed.

Each computes what inference uses of the package; what only training uses is None.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from torch import Tensor, nn
from torch.nn import functional as F


class Attention(nn.Module):
    """What `timm.models.vision_transformer.Attention` computes."""

    def __init__(self, dim: int, num_heads: int, qkv_bias: bool = False) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(dim, 3 * dim, bias=qkv_bias)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C) → (B, T, C)."""
        heads = self.qkv(x).unflatten(-1, (3, self.num_heads, -1)).permute(2, 0, 3, 1, 4)
        mixed: Tensor = self.proj(F.scaled_dot_product_attention(*heads).transpose(1, 2).flatten(2))
        return mixed


class LightningModule(nn.Module):
    """What `lightning.LightningModule` is to inference."""

    def save_hyperparameters(self, **options: object) -> None:
        """Nothing is saved."""


class Transposition(nn.Module):
    """What `einops.layers.torch.Rearrange` computes for a pattern that swaps the last two axes."""

    def __init__(self, pattern: str) -> None:
        super().__init__()

    def forward(self, x: Tensor) -> Tensor:
        """(…, A, B) → (…, B, A)."""
        return x.mT


def rearrange(x: Tensor, pattern: str, **sizes: int) -> Tensor:
    """What `einops.rearrange` computes: axes are split, reordered and joined, all by names."""
    given, wanted = (_groups(side) for side in pattern.split("->"))
    for axis in range(len(given) - 1, -1, -1):
        if len(given[axis]) > 1:
            x = x.unflatten(axis, [sizes.get(name, -1) for name in given[axis]])
    names = [name for group in given for name in group]
    x = x.permute([names.index(name) for group in wanted for name in group])
    for axis, group in enumerate(wanted):
        x = x.flatten(axis, axis + len(group) - 1)
    return x


def _groups(side: str) -> list[list[str]]:
    """`b (c d)` to `[["b"], ["c", "d"]]`."""
    return [(group or name).split() for group, name in re.findall(r"\(([^)]*)\)|(\w+)", side)]


PACKAGES: dict[str, dict[str, dict[str, object]]] = {
    "timm": {"timm": {}, "timm.models": {}, "timm.models.vision_transformer": {"Attention": Attention}},
    "einops": {
        "einops": {"rearrange": rearrange},
        "einops.layers": {},
        "einops.layers.torch": {"Rearrange": Transposition},
    },
    "lightning": {
        "lightning": {"LightningModule": LightningModule},
        "lightning.pytorch": {},
        "lightning.pytorch.utilities": {"grad_norm": None},
    },
    "loguru": {"loguru": {"logger": logging.getLogger("published")}},
    "pesq": {"pesq": {"pesq": None}},
    "rjieba": {"rjieba": {}},
    "torchaudio": {
        "torchaudio": {},
        "torchaudio.transforms": {"MelScale": None, "MelSpectrogram": None, "Spectrogram": None},
    },
}


def bare_package(name: str, folder: Path) -> ModuleType:
    """A published package whose `__init__` is not run: its modules are found in `folder`, and no more."""
    package = sys.modules[name] = ModuleType(name)
    package.__path__ = [str(folder)]
    return package


@contextmanager
def stand_ins(*packages: str) -> Iterator[None]:
    """Let `import` find stand-ins for those of `PACKAGES` that are not installed, until the context ends."""
    absent = [name for name in packages if name not in sys.modules and find_spec(name) is None]
    names = [name for package in absent for name in PACKAGES[package]]
    for package in absent:
        for name, contents in PACKAGES[package].items():
            module = sys.modules[name] = ModuleType(name)
            module.__spec__ = ModuleSpec(name, loader=None)  # or `find_spec` fails
            vars(module).update(contents)
    try:
        yield
    finally:  # other packages ask which of these are installed
        for name in names:
            del sys.modules[name]
