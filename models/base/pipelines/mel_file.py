"""Saved mel spectrograms: a plain array, or a file that says how they were made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hiervox.processors.spectrogram import SpectrogramConfig
from hiervox.utils.array_files import read_array, read_arrays, write_arrays
from hiervox.utils.errors import DataError
from hiervox.utils.json_files import parse_json

if TYPE_CHECKING:
    from hiervox.models.base.pipelines.protocols import Mel

ARRAY_SUFFIX = ".npy"
SUFFIX = ".safetensors"
MEL_KEY, F0_KEY, CONFIG_KEY = "mel", "f0", "mel"


class SavedMel(NamedTuple):
    """A spectrogram from a file.

    Attributes:
        mel: (M, N).
        config: how it was made; None where the file does not say.
        f0: (N,), Hz; None where the file has none.
    """

    mel: Mel
    config: SpectrogramConfig | None = None
    f0: NDArray[np.float32] | None = None


def write_mel(path: Path, mel: Mel, config: SpectrogramConfig, f0: NDArray[np.float32] | None = None) -> None:
    """Write a spectrogram with its settings (`.safetensors`)."""
    tensors = {MEL_KEY: mel} if f0 is None else {MEL_KEY: mel, F0_KEY: f0}
    arrays = {name: np.ascontiguousarray(array, np.float32) for name, array in tensors.items()}
    write_arrays(path, arrays, {CONFIG_KEY: config.model_dump_json()})


def is_mel(path: Path) -> bool:
    """Whether a file is a spectrogram by its suffix."""
    return path.suffix.lower() in (ARRAY_SUFFIX, SUFFIX)


def read_mel(path: Path) -> SavedMel:
    """Read a spectrogram (`.npy` or `.safetensors`).

    Raises:
        DataError: the file is missing, broken, or holds none.
    """
    if path.suffix.lower() == ARRAY_SUFFIX:
        return SavedMel(_floats(_read_array(path), path))
    try:
        arrays, texts = read_arrays(path)
        config = SpectrogramConfig.model_validate(parse_json(texts[CONFIG_KEY]))
        mel, f0 = arrays[MEL_KEY], arrays.get(F0_KEY)
    except (OSError, KeyError, ValueError) as error:
        reason = "it lacks an entry" if isinstance(error, KeyError) else error
        raise DataError(
            f"can't read {path} as a mel spectrogram ({reason})", "write it with write_mel"
        ) from error
    return SavedMel(_floats(mel, path), config, None if f0 is None else _floats(f0, path))


def _floats(array: NDArray[Any], path: Path) -> NDArray[Any]:
    if array.dtype.kind != "f":
        raise DataError(f"{path} holds values of {array.dtype}", "write floats: log-mel values, or Hz")
    return array


def _read_array(path: Path) -> Mel:
    try:
        mel: Mel = read_array(path)
    except (OSError, ValueError) as error:
        raise DataError(f"can't read {path} as an array ({error})", "save it with numpy.save") from error
    return mel
