"""Sound and arrays out of the tar files of shards."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING, Any

import numpy as np

from hiervox.utils.errors import AudioError, DataError, reason

if TYPE_CHECKING:
    from lhotse.cut.data import DataCut
    from numpy.typing import NDArray

PLACE = "@"
"""Between the name of a tar file and the byte where a recording's header is."""


def recording_in_shard(cut: DataCut) -> bytes | None:
    """What a file of the cut's recording would hold; None of a cut whose recording is a file.

    Raises:
        AudioError: the shards were written without recordings.
        DataError: as `read_member`.
    """
    source = cut.recording.sources[0]
    if source.type == "shar":
        raise AudioError(
            f"the shard of {cut.id} holds no recordings", "write it with `hiervox shard --recordings`"
        )
    path, place, start = str(source.source).rpartition(PLACE)
    if not place or not path.endswith(".tar") or not start.isdecimal():
        return None
    return read_member(path, int(start), cut.id)


def read_member(path: str, start: int, cut: str | None = None) -> bytes:
    """The file that begins at a place of a tar archive.

    Args:
        path: the archive.
        start: where its header is.
        cut: the id that its name must have.

    Raises:
        DataError: there is none, or another.
    """
    try:
        with open(path, "rb") as stream:
            stream.seek(start)
            with tarfile.TarFile(fileobj=stream) as archive:
                info = archive.next()
                content = None if info is None else archive.extractfile(info)
                data = b"" if content is None else content.read()
    except (OSError, tarfile.TarError) as error:
        raise DataError(f"can't read {path} ({reason(error)})", "remove it, and run it again") from error
    name = "" if info is None else info.name.rpartition(".")[0]
    if info is None or (cut is not None and name != cut):
        raise DataError(f"{path} holds {name!r} where {cut!r} should be", "shard again")
    return data


def read_array(path: str, start: int, first: int, last: int) -> NDArray[Any]:
    """Rows of an array of a shard."""
    data = read_member(path, start)
    if data[:6] == b"\x93NUMPY":
        rows: NDArray[Any] = np.load(io.BytesIO(data), allow_pickle=False)[first:last]
        return rows
    import soundfile

    wav: NDArray[np.int16]
    wav, _ = soundfile.read(io.BytesIO(data), start=first, stop=last, dtype="int16")
    return wav
