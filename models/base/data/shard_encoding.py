"""The cuts of a manifest as the bytes that a shard holds of them."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from hiervox.models.base.data.clip import WAV, open_store
from hiervox.models.base.data.manifest import audio_path
from hiervox.models.base.data.shard_format import RECORDING, placed_array
from hiervox.utils.errors import AudioError, DataError, reason

if TYPE_CHECKING:
    from lhotse.cut.data import DataCut
    from numpy.typing import NDArray

    from hiervox.models.base.data.index import CutIndex

Codec = Literal["flac", "opus"]
DEEP = ("PCM_24", "PCM_32", "FLOAT", "DOUBLE")
"""Sound of these is kept in 24 bits, all other in 16."""
OPUS_RATES = (8_000, 12_000, 16_000, 24_000, 48_000)


@dataclass(frozen=True)
class EncodedBlock:
    """Some cuts in a row.

    Attributes:
        ids: of the cuts.
        lines: their manifest, a whole gzip member.
        members: of each field the tar members of all of them, one behind the other.
        sizes: bytes of each cut in each field, (cuts, fields).
        checksums: CRC-32 of each cut's members, one field behind the other, (cuts,).
    """

    ids: list[str]
    lines: bytes
    members: dict[str, bytes]
    sizes: NDArray[np.int64]
    checksums: NDArray[np.uint32]


def encode_block(
    index: CutIndex, numbers: Sequence[int], fields: Sequence[str], codec: Codec
) -> EncodedBlock:
    """Read some cuts of a manifest, with their sound and arrays.

    Raises:
        AudioError, DataError: what a cut names can't be read.
    """
    members: dict[str, list[bytes]] = {field: [] for field in fields}
    ids, lines, checksums = [], [], []
    for number in numbers:
        cut = index.cut(number)
        tree, data = encode_cut(cut, fields, codec)
        checksum = 0
        for field in fields:
            members[field].append(data[field])
            checksum = zlib.crc32(data[field], checksum)
        ids.append(cut.id)
        lines.append(json.dumps(tree, ensure_ascii=False) + "\n")
        checksums.append(checksum)
    return EncodedBlock(
        ids,
        gzip.compress("".join(lines).encode(), compresslevel=6, mtime=0),
        {field: b"".join(parts) for field, parts in members.items()},
        np.array([[len(members[field][row]) for field in fields] for row in range(len(ids))], np.int64),
        np.array(checksums, np.uint32),
    )


def encode_cut(cut: DataCut, fields: Sequence[str], codec: Codec) -> tuple[dict[str, Any], dict[str, bytes]]:
    """A cut as a JSON object that begins with its recording, and the tar members of each field.

    Raises:
        AudioError, DataError: its sound or an array can't be read.
    """
    tree = cut.to_dict()
    recording = _recording_placeholder(cut, tree)
    custom = dict(tree.get("custom") or {})
    members: dict[str, bytes] = {}
    for field in fields:
        if field == RECORDING:
            members[field] = _pair(cut.id, codec, _recorded(cut, codec), recording)
            continue
        array = custom.get(field)
        if array is None:
            members[field] = _member(f"{cut.id}.nodata", b"") + _member(f"{cut.id}.nometa", b"")
            continue
        values = _array(cut, field)
        custom[field] = placed_array(array)
        if field == WAV:
            rate = round(1 / array["frame_shift"])
            sound = {**recording, "sampling_rate": rate, "num_samples": len(values), "channel_ids": [0]}
            sound |= {"duration": len(values) / rate}
            sound["sources"] = [{"type": "shar", "channels": [0], "source": ""}]
            members[field] = _pair(cut.id, codec, _encoded(values, rate, codec, "PCM_16", cut.id), sound)
        else:
            stream = io.BytesIO()
            np.save(stream, values, allow_pickle=False)
            members[field] = _pair(cut.id, "npy", stream.getvalue(), custom[field])
    tree |= {"start": 0, "recording": recording}
    if custom:
        tree["custom"] = custom
    return tree, members


def _recording_placeholder(cut: DataCut, tree: Mapping[str, Any]) -> dict[str, Any]:
    """The recording's part that the cut is of, without a place."""
    recording = dict(tree["recording"])
    samples = round(cut.duration * recording["sampling_rate"])
    channels = recording.get("channel_ids") or [0]
    recording |= {"num_samples": samples, "duration": samples / recording["sampling_rate"]}
    recording["sources"] = [{"type": "shar", "channels": channels, "source": ""}]
    return recording


def _recorded(cut: DataCut, codec: Codec) -> bytes:
    """The sound of a cut at its own rate, with all channels."""
    import soundfile

    path = audio_path(cut)
    rate = cut.recording.sampling_rate
    first = round(cut.start * rate)
    last = first + round(cut.duration * rate)
    try:
        with soundfile.SoundFile(path) as sound:
            deep = sound.subtype in DEEP
            sound.seek(first)
            values = sound.read(last - first, dtype="int32" if deep else "int16", always_2d=True)
    except (soundfile.LibsndfileError, OSError, ValueError) as error:
        raise AudioError(f"can't read {path} ({error})", "run `hiervox validate`") from error
    if len(values) != last - first or not len(values):
        raise AudioError(f"{path} has {len(values)} of {last - first} samples", "run `hiervox validate`")
    return _encoded(values, rate, codec, "PCM_24" if deep else "PCM_16", cut.id)


def _encoded(values: NDArray[Any], rate: int, codec: Codec, subtype: str, cut: str) -> bytes:
    """Integer samples (T,) or (T, channels) as a file."""
    import soundfile

    if codec == "opus" and rate not in OPUS_RATES:
        raise DataError(f"{cut} has {rate} Hz, which Opus lacks", "shard with --codec flac")
    stream = io.BytesIO()
    form, kind = ("FLAC", subtype) if codec == "flac" else ("OGG", "OPUS")
    soundfile.write(stream, values, rate, format=form, subtype=kind)
    return stream.getvalue()


def _array(cut: DataCut, name: str) -> NDArray[Any]:
    """A whole stored array (rows, ...).

    Raises:
        DataError: it can't be read.
    """
    array = cut.custom[name].array
    try:
        values: NDArray[Any] = open_store(array.storage_path)[array.storage_key][()]
    except (OSError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise DataError(
            f"can't read {name} of {cut.id} in {array.storage_path} ({reason(error)})",
            "remove the manifest of its block, and run `hiervox extract` again",
        ) from error
    return values


def _pair(cut: str, suffix: str, data: bytes, manifest: Mapping[str, Any]) -> bytes:
    """Data and its manifest, as lhotse puts them behind each other."""
    described = json.dumps(manifest, ensure_ascii=False).encode() + b"\n"
    return _member(f"{cut}.{suffix}", data) + _member(f"{cut}.json", described)


def _member(name: str, data: bytes) -> bytes:
    """A file of a tar archive, padded to whole blocks."""
    info = tarfile.TarInfo(name)
    info.size = len(data)
    header = info.tobuf(tarfile.PAX_FORMAT)
    return header + data + bytes(-len(data) % tarfile.BLOCKSIZE)
