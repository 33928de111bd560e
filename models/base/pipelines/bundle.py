"""Model bundles: a folder with one checkpoint folder for each part of a system, ready to speak.

Layout of the bundle of HierSpeech++::

    text_to_vec/  synthesizer/      model.safetensors config.json each
    speechsr24/  speechsr48/        only what the rates over 16 kHz need
    mp_senet/                       only what denoising needs
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from hiervox import models
from hiervox.models.base.checkpoints.checkpoint import find_checkpoint
from hiervox.models.base.registry import get_card
from hiervox.utils.errors import CheckpointError, ConfigError
from hiervox.utils.registry import nearest, resolve

if TYPE_CHECKING:
    import torch

    from hiervox.processors.audio import Waveform

HOME_VARIABLE = "HIERVOX_HOME"
DEFAULT_BUNDLES = ("box", "mini")
"""What is spoken with where no model is named: the first of these that is there."""
SUPER_RESOLUTION = "speechsr"
DENOISER = "mp_senet"


class UpsampleStream(Protocol):
    """What others use of an upsampler's stream."""

    def push(self, low: Waveform) -> Waveform:
        """Take a chunk (T,) at 16 kHz; give what can be told by now (T',), perhaps nothing."""

    def finish(self) -> Waveform:
        """The rest."""


class Upsampler(Protocol):
    """What others use of the super-resolution system's pipeline.

    Attributes:
        rate: of its output, Hz.
    """

    rate: int

    def upsample(self, wav: Waveform, rate: int) -> tuple[Waveform, int]:
        """Bring a waveform (T,) of `rate` Hz to the output rate; returns it with that rate."""

    def stream(self) -> UpsampleStream:
        """The same for a waveform at 16 kHz that comes in chunks."""


def hiervox_home() -> Path:
    """Where a user's models and voices are: $HIERVOX_HOME, by default `~/.cache/hiervox`."""
    return Path(os.environ.get(HOME_VARIABLE) or "~/.cache/hiervox").expanduser()


class Denoiser(Protocol):
    """What others use of the denoising system's pipeline.

    Attributes:
        rate: of its output, Hz.
    """

    rate: int

    def enhance(self, wav: Waveform, rate: int) -> tuple[Waveform, int]:
        """Take the noise out of a waveform (T,) of `rate` Hz; returns it with the output rate."""


def bundle_homes() -> tuple[Path, ...]:
    """Where named bundles are: `pretrained/` of the repository, then `models/` of $HIERVOX_HOME."""
    repository = Path(next(iter(models.__path__))).parent
    return repository / "pretrained", hiervox_home() / "models"


def resolve_bundle(name: str | None = None) -> Path:
    """The folder of a bundle.

    Args:
        name: a folder, or the name of a bundle in `bundle_homes`; None for the default one.

    Raises:
        ConfigError: there is no such bundle.
    """
    installed = {folder.name: folder for home in reversed(bundle_homes()) for folder in _bundles_in(home)}
    if name is None:
        for default in DEFAULT_BUNDLES:
            if default in installed:
                return installed[default]
        raise ConfigError("no model is installed", "name a folder: --model DIR")
    if name in installed:
        return installed[name]
    if Path(name).is_dir():
        return Path(name)
    raise ConfigError(
        f"no model {name!r}", f"name a folder or an installed model ({nearest(name, installed)})"
    )


def _bundles_in(home: Path) -> list[Path]:
    return [folder for folder in sorted(home.iterdir()) if folder.is_dir()] if home.is_dir() else []


def prompts_of(bundle: Path) -> list[Path]:
    """The recordings of voices that a bundle brings along, by name."""
    return sorted(bundle.glob("prompts/*.flac"))


def part_checkpoint(bundle: Path, part: str) -> Path:
    """The checkpoint folder of a part.

    Raises:
        CheckpointError: the bundle has no such part.
    """
    if not (bundle / part).is_dir():
        raise CheckpointError(f"{bundle} has no folder {part}", "put the checkpoint of that part there")
    return find_checkpoint(bundle / part)


def upsampler_part(rate: int) -> str:
    """The part that speaks at `rate` Hz: `speechsr24` or `speechsr48`."""
    return f"{SUPER_RESOLUTION}{rate // 1000}"


def load_upsampler(bundle: Path, rate: int, device: str | torch.device = "cpu") -> Upsampler:
    """The super-resolution network of a bundle for one output rate (Hz).

    Raises:
        CheckpointError: the bundle has none for this rate, or what stands there is broken or of another rate.
        ConfigError: the super-resolution system is not there.
    """
    folder = part_checkpoint(bundle, upsampler_part(rate))
    card = get_card(SUPER_RESOLUTION)
    assert card.pipeline is not None
    upsampler: Upsampler = resolve(card.pipeline).load(folder, device)
    if upsampler.rate != rate:
        raise CheckpointError(
            f"{folder} speaks at {upsampler.rate} Hz, not {rate}", "put the other network there"
        )
    return upsampler


def load_denoiser(bundle: Path, device: str | torch.device = "cpu") -> Denoiser:
    """The denoising network of a bundle.

    Raises:
        CheckpointError: the bundle has none, or what stands there is broken.
        ConfigError: the denoising system is not there.
    """
    folder = part_checkpoint(bundle, DENOISER)
    card = get_card(DENOISER)
    assert card.pipeline is not None
    denoiser: Denoiser = resolve(card.pipeline).load(folder, device)
    return denoiser
