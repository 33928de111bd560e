"""Voices on disk: `voices/NAME.safetensors` under $HIERVOX_HOME, bound to the model that made them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field, field_validator

from hiervox.models.base.checkpoints.tensor_files import load_weights, save_tensors
from hiervox.utils.array_files import read_arrays
from hiervox.utils.config import Config
from hiervox.utils.errors import CheckpointError, ConfigError
from hiervox.utils.files import replacing_file
from hiervox.utils.json_files import parse_json
from hiervox.utils.outputs import check_outputs
from hiervox.utils.placing import place
from hiervox.utils.storage import hiervox_home

if TYPE_CHECKING:
    from hiervox.models.base.pipelines.voice import Voice

SUFFIX = ".safetensors"
HEADER = "voice"
FORMAT = 1
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
RESERVED = re.compile(r"con|prn|aux|nul|com\d|lpt\d", re.IGNORECASE)  # device names of Windows


class VoiceRecord(Config):
    """The JSON in the file's header.

    Attributes:
        format: of the file.
        model: fingerprint of the networks that the tensors belong to.
        peak: of the prompt.
        pitch_mean, pitch_deviation: of the prompt's voiced frames, Hz; None where it has none.
        made_of: how the voice was made, for people.
    """

    format: int = Field(FORMAT, ge=1, le=FORMAT)
    model: str
    peak: float = Field(ge=0, allow_inf_nan=False)
    pitch_mean: float | None = Field(None, gt=0, allow_inf_nan=False)
    pitch_deviation: float | None = Field(None, ge=0, allow_inf_nan=False)
    made_of: dict[str, Any] = Field(default_factory=dict)

    @field_validator("made_of")
    @classmethod
    def _shares(cls, made_of: dict[str, Any]) -> dict[str, Any]:
        for key in ("prompts", "voices"):
            shares = made_of.get(key, {})
            weights = shares.values() if isinstance(shares, dict) else [None]
            if not all(isinstance(weight, int | float) for weight in weights):
                raise ValueError(f"made_of.{key} is not names with their weights")
        return made_of


def voices_folder() -> Path:
    """Where voices are kept; it may not exist yet."""
    return hiervox_home() / "voices"


def is_voice_name(name: str) -> bool:
    """Whether a voice can have this name: 1 to 64 letters, digits, `-` and `_`."""
    return bool(NAME.fullmatch(name)) and not RESERVED.fullmatch(name)


def voice_path(name: str) -> Path:
    """The file of a voice, which may not exist.

    Raises:
        ConfigError: the name is unusable, see `is_voice_name`.
    """
    if not is_voice_name(name):
        raise ConfigError(f"no voice can be called {name!r}", "use letters, digits, - and _")
    return voices_folder() / f"{name}{SUFFIX}"


def voice_names() -> list[str]:
    """All saved voices, by name."""
    return sorted(file.stem for file in voices_folder().glob(f"*{SUFFIX}") if is_voice_name(file.stem))


def require_free(name: str, overwrite: bool, inputs: Iterable[Path] = ()) -> Path:
    """The file of a voice that is to be saved.

    Args:
        name: see `voice_path`.
        overwrite: replace a voice of this name.
        inputs: what it is made of.

    Raises:
        ConfigError: the name is unusable, taken without `overwrite`, or that of an input.
    """
    path = voice_path(name)
    if path.exists() and not overwrite:
        raise ConfigError(f"there is a voice {name!r}", "choose another name, or add --overwrite")
    check_outputs([path], overwrite, inputs=inputs)
    return path


def save_voice(
    name: str, voice: Voice, *, made_of: Mapping[str, Any] | None = None, overwrite: bool = False
) -> Path:
    """Keep a voice under a name.

    Args:
        name: see `voice_path`.
        voice: what to keep.
        made_of: how it was made, a JSON tree.
        overwrite: replace a voice of this name.

    Returns:
        Its file.

    Raises:
        ConfigError: the name is unusable, or taken without `overwrite`.
    """
    path = require_free(name, overwrite)
    write_voice(path, voice, made_of or {})
    return path


def write_voice(path: Path, voice: Voice, made_of: Mapping[str, Any]) -> None:
    """Write the file of a voice, in one step; see `save_voice`."""
    pitch = voice.pitch
    record = VoiceRecord(
        model=voice.model,
        peak=voice.peak,
        pitch_mean=pitch.mean if pitch else None,
        pitch_deviation=pitch.standard_deviation if pitch else None,
        made_of=dict(made_of),
    )
    tensors = dict(voice.tensors)
    with replacing_file(path) as temporary:
        save_tensors(temporary, tensors, {HEADER: record.model_dump_json()})


def load_voice(name: str, model: str | None = None) -> Voice:
    """A saved voice.

    Args:
        name: see `voice_path`.
        model: fingerprint of the networks that it is for; None where it is for none yet.

    Raises:
        ConfigError: there is no such voice, or another model made it.
        CheckpointError: its file is broken.
    """
    path = voice_path(name)
    if not path.is_file():
        known = ", ".join(voice_names()) or "none"
        raise ConfigError(f"no voice {name!r}", f"`hiervox voice add` makes one; saved are: {known}")
    voice = read_voice(path)
    if model not in (None, voice.model):
        raise ConfigError(
            f"voice {name!r} was made with another model", "add it again with this one, or name its --model"
        )
    return voice


def read_voice(path: Path) -> Voice:
    """The voice of a file.

    Raises:
        CheckpointError: it is broken, or none.
    """
    from hiervox.models.base.pipelines.pitch_transfer import PitchStatistics
    from hiervox.models.base.pipelines.voice import Voice

    tensors = load_weights(path)
    record = read_record(path)
    pitch = None
    if record.pitch_mean is not None and record.pitch_deviation is not None:
        pitch = PitchStatistics(record.pitch_mean, record.pitch_deviation)
    return Voice(tensors, record.model, record.peak, pitch)


def read_record(path: Path) -> VoiceRecord:
    """The header of a voice's file.

    Raises:
        CheckpointError: it has none, or a broken one.
    """
    try:
        return VoiceRecord.model_validate(parse_json(read_arrays(path)[1][HEADER]))
    except (OSError, KeyError, ValueError) as error:
        raise CheckpointError(f"{path} is not a voice", "remove it and add the voice again") from error


def remove_voice(name: str) -> None:
    """Forget a voice.

    Raises:
        ConfigError: there is none of this name.
    """
    _saved(name).unlink()


def rename_voice(name: str, new: str) -> None:
    """Call a voice something else.

    Raises:
        ConfigError: there is none of this name, or the new one is unusable or taken.
    """
    place(_saved(name), require_free(new, overwrite=False))


def _saved(name: str) -> Path:
    """The file of a voice that is there.

    Raises:
        ConfigError: there is none of this name.
    """
    path = voice_path(name)
    if not path.is_file():
        raise ConfigError(f"no voice {name!r}", f"saved are: {', '.join(voice_names()) or 'none'}")
    return path
