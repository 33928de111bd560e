"""LibriTTS by lhotse's recipe: 585 hours of 2,456 readers at 24 kHz (openslr.org/60, CC BY 4.0)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from manifests import corpus_folder, pairs, require_folder, say, to_cuts, write

TRAIN = ("train-clean-100", "train-clean-360")
TEST = ("test-clean",)


def download(
    folder: Path,
    *,
    parts: Sequence[str] = TRAIN,
    test_parts: Sequence[str] = TEST,
    base_url: str | None = None,
    restored: bool = False,
) -> None:
    """Fetch the parts that are not in `folder` yet; a download that was broken off goes on.

    Args:
        folder: gets `LibriTTS`, or `LibriTTS_R`.
        parts: to train on.
        test_parts: to test with.
        base_url: a mirror.
        restored: whether it is LibriTTS-R.
    """
    from lhotse.recipes.libritts import download_libritts

    folder.mkdir(parents=True, exist_ok=True)
    target = folder / _name(restored)
    missing = [part for part in (*parts, *test_parts) if not (target / part / ".completed").exists()]
    foreign = [part for part in missing if not (folder / f"{part}.tar.gz").exists()]
    given = [part for part in foreign if any((target / part).glob("*/*/*.wav"))]
    if given:  # lhotse would remove them
        say(f"{', '.join(given)} of {target} were not fetched by this recipe and are taken as they are")
    wanted = [part for part in missing if part not in given]
    if wanted:
        options = {} if base_url is None else {"base_url": base_url}
        download_libritts(folder, restored, wanted, **options)


def prepare(
    folder: Path,
    out: Path,
    *,
    parts: Sequence[str] = TRAIN,
    test_parts: Sequence[str] = TEST,
    restored: bool = False,
) -> None:
    """Write the manifests of the parts.

    Raises:
        DataError: the corpus or a part is not there, or holds nothing.
    """
    from lhotse.recipes.libritts import prepare_libritts

    root = corpus_folder(folder, _name(restored))
    for side, names in (("train", parts), ("test", test_parts)):
        found = []
        for part in names:
            require_folder(root / part)
            manifests = prepare_libritts(root, [part])[part]
            found += pairs(manifests["recordings"], manifests["supervisions"])
        write(to_cuts(found), out / side)


def _name(restored: bool) -> str:
    return "LibriTTS_R" if restored else "LibriTTS"
