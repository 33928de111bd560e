"""Cut manifests on disk: reading, writing, and where the audio of a cut is."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hiervox.models.base.data.checks import checked_tree
from hiervox.utils.errors import DataError
from hiervox.utils.files import is_file, replacing_file, require_writable

if TYPE_CHECKING:
    from lhotse.cut.data import DataCut
    from lhotse.supervision import SupervisionSegment

CUTS_NAME = "cuts.jsonl.gz"
MAX_LINE_BYTES = 8 * 2**20
"""Of one cut in a manifest. An hour of aligned phonemes takes 4 MiB."""


def manifest_path(path: Path) -> Path:
    """The manifest that `path` means: itself, or the one in a folder."""
    return path / CUTS_NAME if path.is_dir() else path


def read_cuts(path: Path) -> list[DataCut]:
    """All cuts of a manifest file, or of a folder that holds `cuts.jsonl.gz`: for small ones.

    A large one is read through `hiervox.models.base.data.index.open_index`. Stored arrays are named relative
    to the manifest's folder, so that the folder can be moved; here they get their whole path.

    Raises:
        DataError: it is missing, is no lhotse cut manifest, names what can't be, or holds an id twice.
    """
    file = manifest_file(path)
    seen: set[str] = set()
    cuts = []
    for number, tree in enumerate(iterate_trees(file), 1):
        if tree["id"] in seen:
            raise DataError(f"{file} holds the id {tree['id']!r} twice", "make ids unique")
        seen.add(tree["id"])
        cuts.append(cut_of(tree, file, number))
    return cuts


def manifest_file(path: Path) -> Path:
    """The manifest that `path` means, with its whole path.

    Raises:
        DataError: there is none.
    """
    file = manifest_path(path)
    if not is_file(file):
        raise DataError(f"no cut manifest {file}", "make one with `hiervox prepare` or `hiervox extract`")
    return file.resolve()


def files_of_manifest(path: Path) -> Iterator[Path]:
    """The manifest that `path` means, and every file that its cuts name: what no output replaces.

    Raises:
        DataError: as `read_cuts`.
    """
    file = manifest_file(path)
    yield file
    for tree in iterate_trees(file):
        for source in tree["recording"]["sources"]:
            yield Path(source["source"])
        for value in (tree.get("custom") or {}).values():
            array = value.get("array") if isinstance(value, dict) else value
            named = array.get("storage_path") if isinstance(array, dict) else array
            if isinstance(named, str):  # of an array, or a column that may name a file
                yield file.parent / named


def iterate_trees(file: Path) -> Iterator[dict[str, Any]]:
    """The cuts of a manifest as JSON objects, each of them checked.

    Raises:
        DataError: as `read_cuts`.
    """
    number = 0
    try:
        with gzip.open(file, "rb") if file.suffix == ".gz" else file.open("rb") as lines:
            while line := lines.readline(MAX_LINE_BYTES + 1):
                number += 1
                if len(line) > MAX_LINE_BYTES:
                    raise DataError(
                        f"{file}, line {number} is longer than {MAX_LINE_BYTES // 2**20} MiB", "make it again"
                    )
                yield checked_tree(json.loads(line), f"{file}, line {number}")
    except DataError:
        raise
    except (OSError, EOFError, ValueError, RecursionError, zlib.error) as error:
        raise DataError(
            f"{file} is not a whole cut manifest (line {number + 1}: {error})", "make it again"
        ) from error


def cut_of(tree: dict[str, Any], file: Path, number: int) -> DataCut:
    """The cut of a checked JSON object, with the whole paths of its arrays.

    Raises:
        DataError: lhotse can't make one of it.
    """
    from lhotse.array import TemporalArray
    from lhotse.serialization import deserialize_item

    try:
        cut: DataCut = deserialize_item(tree)
    except Exception as error:  # lhotse raises whatever its parsers raise
        raise DataError(f"{file}, line {number} is not a cut ({error})", "make it again") from error
    for name, value in (cut.custom or {}).items():
        if isinstance(value, TemporalArray):
            cut.custom[name] = value.with_path_prefix(file.parent)
    return cut


def write_cuts(cuts: Iterable[DataCut], path: Path) -> None:
    """Replace `path` by a gzipped manifest in one step; arrays below its folder are named relative to it."""
    write_trees((cut.to_dict() for cut in cuts), path)


def write_trees(trees: Iterable[dict[str, Any]], path: Path) -> None:
    """`write_cuts` of cuts as JSON objects. The bytes say nothing of when they were written, and by whom."""
    folder = path.parent.resolve()
    with (
        replacing_file(path) as temporary,
        temporary.open("wb") as stream,
        gzip.GzipFile("", "wb", compresslevel=5, fileobj=stream, mtime=0) as packed,
        io.TextIOWrapper(packed, encoding="utf-8") as lines,
    ):
        for tree in trees:
            for value in (tree.get("custom") or {}).values():
                array = value.get("array") if isinstance(value, dict) else None
                if array is not None and Path(array["storage_path"]).is_relative_to(folder):
                    array["storage_path"] = str(Path(array["storage_path"]).relative_to(folder))
            lines.write(json.dumps(tree, ensure_ascii=False) + "\n")


def require_folder(folder: Path) -> None:
    """Make sure that files can be written into a folder, before any work is done.

    Raises:
        DataError: it is a file, or nothing can be written there.
    """
    try:
        require_writable(folder)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise DataError(f"can't write into {folder} ({why})", "choose another folder with --out") from error


def audio_path(cut: DataCut) -> Path:
    """The audio file of a cut; its id, where its sound has no place of its own."""
    return Path(str(cut.recording.sources[0].source or cut.id))


def supervision_of(cut: DataCut) -> SupervisionSegment | None:
    """The one supervision of a cut, None where it has none.

    Raises:
        DataError: it has several.
    """
    _require_one(cut.id, len(cut.supervisions))
    return cut.supervisions[0] if cut.supervisions else None


def supervision_tree(tree: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """`supervision_of` of a cut as a JSON object."""
    supervisions = tree.get("supervisions") or []
    _require_one(tree["id"], len(supervisions))
    return supervisions[0] if supervisions else None


def _require_one(cut: str, supervisions: int) -> None:
    if supervisions > 1:
        raise DataError(
            f"cut {cut!r} has {supervisions} supervisions",
            "cut it into utterances with lhotse's trim_to_supervisions",
        )


def text_of(cut: DataCut) -> str | None:
    """The text of a cut: None where its table had none, empty where its row had none."""
    supervision = supervision_of(cut)
    return None if supervision is None else supervision.text


def cut_tokens(cut: DataCut) -> list[int] | None:
    """Token ids of a cut, without blanks; None where it has none."""
    supervision = supervision_of(cut)
    return None if supervision is None else (supervision.custom or {}).get("tokens")
