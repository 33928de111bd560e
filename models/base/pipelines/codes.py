"""Files of codec tokens: one safetensors file with the codes and what they are codes of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from hiervox.models.base.pipelines.protocols import Codec, Codes
from hiervox.processors.audio import Waveform
from hiervox.utils.array_files import read_arrays, write_arrays
from hiervox.utils.config import Config
from hiervox.utils.errors import DataError
from hiervox.utils.files import is_file, replacing_file
from hiervox.utils.json_files import parse_json

HEADER = "codes"
SCALES, TIMBRE = "scales", "timbre"
"""What is stored beside the codes of a `ScaledCodec` and of a `VoicedCodec`."""
SUFFIX = ".codes"


class CodesRecord(Config):
    """The JSON in the file's header.

    Attributes:
        format: of the file.
        system: whose codes they are.
        rate: of the waveform, Hz.
        frame_rate: frames a second.
        codebook_size: values of a token.
    """

    format: int = Field(1, ge=1, le=1)
    system: str
    rate: int = Field(gt=0)
    frame_rate: float = Field(gt=0)
    codebook_size: int = Field(gt=0)


def record_of(codec: Codec, system: str) -> CodesRecord:
    """What is noted of the codes of a codec."""
    return CodesRecord(
        system=system, rate=codec.rate, frame_rate=codec.frame_rate, codebook_size=codec.codebook_size
    )


def write_codes(
    path: Path, codes: Codes, record: CodesRecord, extras: Mapping[str, Waveform] | None = None
) -> None:
    """Write codes (Q, N) in the smallest integers that hold them, in one step.

    Args:
        path: the file.
        codes: as the codec gives them.
        record: what they are codes of.
        extras: vectors by name: `SCALES` (S,) of the segments of a `ScaledCodec`, `TIMBRE` (D,) of a
            `VoicedCodec`.

    Raises:
        DataError: the codes are not integers.
    """
    require_whole(codes)
    dtype = np.min_scalar_type(record.codebook_size - 1)
    with replacing_file(path) as temporary:
        tensors: dict[str, Any] = {HEADER: np.ascontiguousarray(codes.astype(dtype))}
        for name, vector in (extras or {}).items():
            tensors[name] = np.ascontiguousarray(vector, np.float32)
        write_arrays(temporary, tensors, {HEADER: record.model_dump_json()})


def require_whole(codes: NDArray[Any], name: str = "the codes") -> None:
    """Refuse codes that are no integers: what is between two tokens is none.

    Raises:
        DataError: such codes; the message starts with `name`.
    """
    if not isinstance(codes, np.ndarray):
        raise DataError(f"{name}: a {type(codes).__name__} can't be used", "give a numpy array of integers")
    if codes.dtype.kind not in "iu":
        raise DataError(f"{name}: codes of {codes.dtype} can't be used", "give integers, as `encode` does")


def codes_of(codes: Codes, codec: Codec, device: torch.device) -> Tensor:
    """Codes (Q, N) as a codec's networks take them, (1, Q, N).

    Raises:
        DataError: they are no integers, of another shape, or beyond its codebooks.
    """
    require_whole(codes)
    if codes.ndim != 2 or not 1 <= codes.shape[0] <= codec.codebooks or not codes.size:
        raise DataError(
            f"codes of shape {codes.shape} can't be decoded", f"give 1 to {codec.codebooks} codebooks"
        )
    if codes.min() < 0 or codes.max() >= codec.codebook_size:
        raise DataError(
            f"code {int(codes.max())} is not in a codebook of {codec.codebook_size}", "name the right model"
        )
    return torch.from_numpy(np.ascontiguousarray(codes, np.int64))[None].to(device)


def read_codes(path: Path) -> tuple[Codes, CodesRecord, dict[str, Waveform]]:
    """Codes (Q, N), what they are codes of, and the vectors that are stored beside them, by name.

    Raises:
        DataError: the file is missing, broken, or holds tokens beyond its codebook.
    """
    if not is_file(path):
        raise DataError(f"no file of codes {path}", "check the path")
    try:
        arrays, texts = read_arrays(path)
        record = CodesRecord.model_validate(parse_json(texts[HEADER]))
        stored = arrays[HEADER]
        extras = {name: arrays[name] for name in (SCALES, TIMBRE) if name in arrays}
    except (OSError, KeyError, ValueError) as error:
        reason = "it lacks an entry" if isinstance(error, KeyError) else error
        raise DataError(
            f"{path} is not a file of codes ({reason})", "make it with `hiervox codec encode`"
        ) from error
    require_whole(stored, str(path))
    codes: Codes = stored.astype(np.int64)
    if codes.ndim != 2 or not codes.size or codes.min() < 0 or codes.max() >= record.codebook_size:
        raise DataError(f"{path} holds no usable codes", "make it again with `hiervox codec encode`")
    for name, vector in extras.items():
        if vector.ndim != 1 or vector.dtype.kind != "f" or not np.isfinite(vector).all():
            raise DataError(f"{path} holds no usable {name}", "make it again with `hiervox codec encode`")
    return codes, record, extras
