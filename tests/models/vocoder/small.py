"""Every vocoder at a size that a test can train: `NAME/small.py` has its MODEL, and SECTIONS that differ."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from hiervox.models.base.registry import get_part
from hiervox.models.vocoder.config import VocoderExperiment
from hiervox.utils.registry import resolve
from tests.models.vocoder.sizes import DISCRIMINATORS, HOP, MEL, MELS, RATE, UPSAMPLING

__all__ = ["DISCRIMINATORS", "GAN", "HOP", "MELS", "MODELS", "RATE", "UPSAMPLING", "experiment"]

_SMALL = {
    file.parent.name: import_module(f"{__package__}.{file.parent.name}.small")
    for file in sorted(Path(__file__).parent.glob("*/small.py"))
}
MODELS: dict[str, dict[str, Any]] = {name: small.MODEL for name, small in _SMALL.items()}


def _schema(system: str) -> type[VocoderExperiment]:
    schema: type[VocoderExperiment] = resolve(get_part(system, system).config)
    return schema


GAN = tuple(name for name in MODELS if "discriminators" in _schema(name).model_fields)


def experiment(system: str, cuts: Path | str = "", **sections: Any) -> VocoderExperiment:
    """A validated experiment; `sections` take the places of the small ones."""
    tree: dict[str, Any] = {
        "system": system,
        "part": system,
        "out_dir": "run",
        "data": {"cuts": str(cuts), "dev_size": 2},
        "model": MODELS[system],
        "mel": {"preset": "hifigan", **MEL},
        "train": {"batch_size": 2, "workers": 0},
        **({"discriminators": DISCRIMINATORS} if system in GAN else {}),
    }
    for name, section in getattr(_SMALL[system], "SECTIONS", {}).items():
        tree[name] = {**tree.get(name, {}), **section}
    return _schema(system).model_validate({**tree, **sections})
