"""Fetch LibriTTS or VCTK, and turn it into cut manifests, both by lhotse's recipes."""

from __future__ import annotations

import argparse
import hashlib
import sys
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hiervox.models.base.data.manifest import CUTS_NAME, write_cuts
from hiervox.utils.errors import DataError, HierVoxError
from hiervox.utils.files import write_json

if TYPE_CHECKING:
    from lhotse.cut.data import DataCut
    from lhotse.recording import Recording
    from lhotse.supervision import SupervisionSegment

FOLDERS = {"libritts": "LibriTTS", "librittsr": "LibriTTS_R", "vctk": "VCTK-Corpus-0.92"}
SUMMARY_NAME = "summary.json"
LANGUAGE = "en-us"
MICROPHONE = "mic1"  # speaker p280 has no second one


def download(corpus: str, folder: Path, parts: Sequence[str], base_url: str | None) -> None:
    """Fetch what of a corpus is not in `folder` yet; a download that was broken off goes on."""
    from lhotse.recipes.libritts import download_libritts

    folder.mkdir(parents=True, exist_ok=True)
    target = folder / FOLDERS[corpus]
    if corpus == "vctk":
        if not (target / "wav48_silence_trimmed").is_dir():
            _download_vctk(folder, target, base_url)
        return
    missing = [part for part in parts if not (target / part / ".completed").exists()]
    foreign = [part for part in missing if not (folder / f"{part}.tar.gz").exists()]
    given = [part for part in foreign if any((target / part).glob("*/*/*.wav"))]
    if given:  # lhotse would remove them
        _say(f"{', '.join(given)} of {target} were not fetched by this recipe and are taken as they are")
    wanted = [part for part in missing if part not in given]
    if wanted:
        options = {} if base_url is None else {"base_url": base_url}
        download_libritts(folder, corpus == "librittsr", wanted, **options)


def _download_vctk(folder: Path, target: Path, base_url: str | None) -> None:
    """lhotse's own function expects the archive to hold one folder; that of version 0.92 holds none."""
    from lhotse.recipes.vctk import EDINBURGH_VCTK_URL
    from lhotse.utils import resumable_download

    name = EDINBURGH_VCTK_URL.rpartition("/")[2]
    archive = folder / name
    resumable_download(EDINBURGH_VCTK_URL if base_url is None else f"{base_url}/{name}", archive)
    temporary = folder / f".{target.name}"
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(temporary)
    inner = temporary / target.name
    (inner if inner.is_dir() else temporary).rename(target)
    if temporary.is_dir():
        temporary.rmdir()


def prepare(corpus: str, folder: Path, parts: Sequence[str]) -> list[DataCut]:
    """The cuts of parts of LibriTTS, or of VCTK, in the order of their ids.

    Raises:
        DataError: the corpus or a part is not there, or holds nothing.
    """
    root = folder / FOLDERS[corpus] if (folder / FOLDERS[corpus]).is_dir() else folder
    if corpus == "vctk":
        return _cuts(_vctk(root))
    return _cuts(pair for part in parts for pair in _libritts(root, part))


def _libritts(root: Path, part: str) -> Iterable[tuple[Recording, SupervisionSegment]]:
    from lhotse.recipes.libritts import prepare_libritts

    _require_folder(root / part)
    manifests = prepare_libritts(root, [part])[part]
    return _pairs(manifests["recordings"], manifests["supervisions"])


def _vctk(root: Path) -> Iterable[tuple[Recording, SupervisionSegment]]:
    from lhotse.recipes.vctk import prepare_vctk

    for name in ("wav48_silence_trimmed", "txt"):
        _require_folder(root / name)
    manifests = prepare_vctk(root, use_edinburgh_vctk_url=True, mic_id=MICROPHONE)
    return _pairs(manifests["recordings"], manifests["supervisions"])


def _require_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise DataError(f"no folder {folder}", "run stage 1, or name the folder of the corpus with --corpus")


def _pairs(
    recordings: Iterable[Recording], supervisions: Iterable[SupervisionSegment]
) -> Iterable[tuple[Recording, SupervisionSegment]]:
    by_id = {recording.id: recording for recording in recordings}
    return [(by_id[supervision.recording_id], supervision) for supervision in supervisions]


def _cuts(pairs: Iterable[tuple[Recording, SupervisionSegment]]) -> list[DataCut]:
    """One cut a recording, with text and speaker; what else lhotse knows of it is not read here."""
    cuts = []
    for recording, supervision in sorted(pairs, key=lambda pair: pair[0].id):
        cut: DataCut = recording.to_cut()
        cut.id = recording.id
        supervision.language, supervision.custom = LANGUAGE, None
        cut.supervisions = [supervision]
        cuts.append(cut)
    if not cuts:
        raise DataError("the corpus holds no utterance", "look whether its archives were unpacked whole")
    return cuts


def hold_out(cuts: Sequence[DataCut], count: int) -> tuple[list[DataCut], list[DataCut]]:
    """All cuts but those of `count` speakers, and theirs; the speakers' names alone choose them.

    Raises:
        DataError: there are not more speakers than that.
    """
    speakers = sorted(set(map(_speaker, cuts)), key=lambda name: hashlib.sha256(name.encode()).digest())
    if count >= len(speakers):
        raise DataError(
            f"the corpus has {len(speakers)} speakers, and --test-speakers holds {count} out",
            "hold out fewer",
        )
    held_out = set(speakers[:count])
    sides: tuple[list[DataCut], list[DataCut]] = ([], [])
    for cut in cuts:
        sides[_speaker(cut) in held_out].append(cut)
    return sides


def _speaker(cut: DataCut) -> str:
    return str(cut.supervisions[0].speaker)


def write(cuts: Sequence[DataCut], out: Path) -> None:
    """Write the manifest, and beside it what the estimate of stage costs reads."""
    write_cuts(cuts, out / CUTS_NAME)
    hours = sum(cut.duration for cut in cuts) / 3600
    speakers = len({_speaker(cut) for cut in cuts})
    write_json(out / SUMMARY_NAME, {"utterances": len(cuts), "hours": round(hours, 4), "speakers": speakers})
    _say(f"{len(cuts)} utterances of {speakers} speakers, {hours:.2f} h: {out / CUTS_NAME}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def main() -> None:
    """Parse, and do one of the two."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=["download", "prepare"])
    parser.add_argument("--corpus", choices=list(FOLDERS), required=True)
    parser.add_argument("--folder", type=Path, required=True, help="where the corpus's own folder is or goes")
    parser.add_argument("--parts", nargs="*", default=[], help="of LibriTTS, to train on")
    parser.add_argument("--test-parts", nargs="*", default=[], help="of LibriTTS, to test on")
    parser.add_argument("--test-speakers", type=int, default=0, help="of VCTK: speakers to test on")
    parser.add_argument("--base-url", help="a mirror to fetch from")
    parser.add_argument("--out", type=Path, help="of prepare: train/ and test/ go here")
    given = parser.parse_args()
    if given.action == "download":
        download(given.corpus, given.folder, [*given.parts, *given.test_parts], given.base_url)
        return
    if given.out is None:
        parser.error("prepare needs --out")
    train = prepare(given.corpus, given.folder, given.parts)
    if given.corpus == "vctk":
        train, test = hold_out(train, given.test_speakers)
    else:
        test = prepare(given.corpus, given.folder, given.test_parts)
    write(train, given.out / "train")
    write(test, given.out / "test")


if __name__ == "__main__":
    try:
        main()
    except HierVoxError as error:
        sys.exit(f"corpus.py: {error}")
