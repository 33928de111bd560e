"""Cut manifests on disk: reading, writing, and where the audio of a cut is."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from hiervox.utils.errors import DataError
from hiervox.utils.files import replacing_file

if TYPE_CHECKING:
    from lhotse.cut.data import DataCut
    from lhotse.supervision import SupervisionSegment

CUTS_NAME = "cuts.jsonl.gz"


def manifest_path(path: Path) -> Path:
    """The manifest that `path` means: itself, or the one in a folder."""
    return path / CUTS_NAME if path.is_dir() else path


def read_cuts(path: Path) -> list[DataCut]:
    """All cuts of a manifest file, or of a folder that holds `cuts.jsonl.gz`.

    Stored arrays are named relative to the manifest's folder, so that the folder can be moved; here they get
    their whole path. The list is shared between calls: do not change it.

    Raises:
        DataError: it is missing, is no lhotse cut manifest, or holds an id twice.
    """
    file = manifest_path(path)
    if not file.is_file():
        raise DataError(f"no cut manifest {file}", "make one with `hiervox prepare` or `hiervox extract`")
    return _read_cuts(file.resolve(), file.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _read_cuts(file: Path, modified_ns: int) -> list[DataCut]:
    from lhotse.array import TemporalArray
    from lhotse.cut.data import DataCut
    from lhotse.lazy import LazyManifestIterator

    cuts: list[DataCut] = []
    seen: set[str] = set()
    try:
        for cut in LazyManifestIterator(file):
            if not isinstance(cut, DataCut):
                raise DataError(f"{file} holds {type(cut).__name__} instead of cuts", "name a cut manifest")
            if cut.id in seen:
                raise DataError(f"{file} holds the id {cut.id!r} twice", "make ids unique")
            seen.add(cut.id)
            for name, value in (cut.custom or {}).items():
                if isinstance(value, TemporalArray):
                    cut.custom[name] = value.with_path_prefix(file.parent)
            cuts.append(cut)
    except DataError:
        raise
    except Exception as error:  # lhotse raises whatever its parsers raise
        raise DataError(f"{file} is no whole cut manifest ({error})", "make it again") from error
    return cuts


def write_cuts(cuts: Iterable[DataCut], path: Path) -> None:
    """Replace `path` by a gzipped manifest in one step; arrays below its folder are named relative to it."""
    import gzip
    import json

    folder = path.parent.resolve()
    with (
        replacing_file(path) as temporary,
        gzip.open(temporary, "wt", encoding="utf-8", compresslevel=5) as lines,
    ):
        for cut in cuts:
            tree = cut.to_dict()
            for value in (tree.get("custom") or {}).values():
                array = value.get("array") if isinstance(value, dict) else None
                if array is not None and Path(array["storage_path"]).is_relative_to(folder):
                    array["storage_path"] = str(Path(array["storage_path"]).relative_to(folder))
            lines.write(json.dumps(tree, ensure_ascii=False) + "\n")


def audio_path(cut: DataCut) -> Path:
    """The audio file of a cut."""
    return Path(str(cut.recording.sources[0].source))


def supervision_of(cut: DataCut) -> SupervisionSegment | None:
    """The one supervision of a cut, None where it has none.

    Raises:
        DataError: it has several.
    """
    if len(cut.supervisions) > 1:
        raise DataError(
            f"cut {cut.id!r} has {len(cut.supervisions)} supervisions",
            "cut it into utterances with lhotse's trim_to_supervisions",
        )
    return cut.supervisions[0] if cut.supervisions else None


def text_of(cut: DataCut) -> str | None:
    """The text of a cut: None where its table had none, empty where its row had none."""
    supervision = supervision_of(cut)
    return None if supervision is None else supervision.text


def cut_tokens(cut: DataCut) -> list[int] | None:
    """Token ids of a cut, without blanks; None where it has none."""
    supervision = supervision_of(cut)
    return None if supervision is None else (supervision.custom or {}).get("tokens")
