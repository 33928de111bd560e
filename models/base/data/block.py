"""The features of one block of cuts, and the files they go to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hiervox.models.base.data.clip import Clip
from hiervox.models.base.data.feature import Failures, Feature, FeatureStore
from hiervox.models.base.data.features import build_features
from hiervox.models.base.data.manifest import audio_path, write_cuts
from hiervox.utils.files import write_json

if TYPE_CHECKING:
    from lhotse.cut.data import DataCut

    from hiervox.models.base.data.setup import FeatureSetup


@dataclass(frozen=True)
class Failure:
    """A cut that has no features, and why."""

    id: str
    audio: str
    reason: str


class BlockExtractor:
    """Computes the features of blocks of cuts; holds the networks between them.

    Args:
        fields: which features; those that are not stored are left out.
        setup: what the experiment says of them.
        device: of the networks.
        kept: features that are left to cuts that have them.
    """

    def __init__(
        self, fields: Iterable[str], setup: FeatureSetup, device: str, kept: frozenset[str] = frozenset()
    ) -> None:
        self.setup = setup
        self.kept = kept
        features = build_features(fields, setup, device).values()
        self.features: list[Feature] = [feature for feature in features if feature.stored]
        for feature in self.features:
            if feature.name not in kept:
                feature.load()

    def extract(self, cuts: Sequence[DataCut], manifest: Path) -> None:
        """Write `manifest`, with `.h5` and `.failures.json` beside it. The manifest comes last.

        Raises:
            OSError: the disk is full, or the like; earlier blocks stay.
        """
        block = [_copied(cut) for cut in cuts]
        store = store_path(manifest).resolve()
        for leftover in store.parent.glob(f".{store.stem}*"):  # of a run that was killed within this block
            leftover.unlink()
        failed = self._fill(block, store)
        failures = [
            Failure(cut.id, str(audio_path(cut)), failed[cut.id]) for cut in block if cut.id in failed
        ]
        write_json(failures_path(manifest), [asdict(failure) for failure in failures])
        write_cuts([cut for cut in block if cut.id not in failed], manifest)

    def _fill(self, block: Sequence[DataCut], path: Path) -> Failures:
        """Write the arrays of a block; a cut that lacks one feature is spared the others."""
        failed: Failures = {}
        clips = [Clip(cut, self.setup) for cut in block]
        store = FeatureStore(path, {cut.id: f"{number:03d}" for number, cut in enumerate(block)})
        with closing(store):
            for feature in self.features:
                wanted = [clip for clip in clips if clip.cut.id not in failed]
                if feature.name in self.kept:
                    wanted = [clip for clip in wanted if not feature.is_in(clip.cut)]
                failed |= feature.extract(wanted, store)
            store.save()
        return failed


def store_path(manifest: Path) -> Path:
    """The arrays of a block."""
    return manifest.with_name(manifest.name.removesuffix(".jsonl.gz") + ".h5")


def failures_path(manifest: Path) -> Path:
    """The failures of a block."""
    return manifest.with_name(manifest.name.removesuffix(".jsonl.gz") + ".failures.json")


def _copied(cut: DataCut) -> DataCut:
    """A cut whose fields can be added to."""
    from lhotse.utils import fastcopy

    supervisions = [
        fastcopy(supervision, custom=dict(supervision.custom or {})) for supervision in cut.supervisions
    ]
    return fastcopy(cut, custom=dict(cut.custom or {}), supervisions=supervisions)
