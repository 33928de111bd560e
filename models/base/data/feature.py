"""What a feature is: one field of a batch, computed once by `hiervox extract` or on the fly."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, TypeVar

import numpy as np
import torch

from hiervox.utils.config import Config
from hiervox.utils.errors import ConfigError, DependencyError, reason
from hiervox.utils.files import replacing_file

if TYPE_CHECKING:
    from lhotse.cut.data import DataCut
    from numpy.typing import NDArray

    from hiervox.models.base.data.clip import Clip
    from hiervox.models.base.data.random_clips import RandomClips
    from hiervox.models.base.data.setup import FeatureSetup

NetworkT = TypeVar("NetworkT")
Settings = Mapping[str, tuple[Any, Any]]
"""Key → (type, default)."""
Failures = dict[str, str]
"""Id of a clip that has no feature → why."""
MISSING = "run `hiervox extract` with this config"


class Limits(Config):
    """Lengths that an utterance may have, in seconds."""

    min_seconds: float = 0.5
    max_seconds: float = 30.0


class Corpus(Protocol):
    """All usable utterances of a manifest, on both sides."""

    def by_speaker(self) -> dict[str, NDArray[np.int64]]:
        """Numbers of each speaker's utterances, in order."""

    def cut(self, number: int) -> DataCut:
        """One utterance."""


class Networks:
    """The networks that features are computed by; each is loaded once.

    Args:
        device: where they run.
    """

    def __init__(self, device: str = "cpu") -> None:
        self.device = device
        self._loaded: dict[Any, Any] = {}

    def get(self, key: Any, load: Callable[[str], NetworkT]) -> NetworkT:
        """The network of that key; `load` makes it, on the device that it is given."""
        if key not in self._loaded:
            self._loaded[key] = load(self.device)
        network: NetworkT = self._loaded[key]
        return network


class FeatureStore:
    """Where extraction puts a block's arrays: an HDF5 file, in memory until it is saved.

    HDF5 itself does not survive a full disk: it ends the program with a segmentation fault.

    Args:
        path: of the file.
        keys: id of a cut → what its arrays are called by in the file.
    """

    def __init__(self, path: Path, keys: Mapping[str, str]) -> None:
        import h5py

        self._path = path
        self._keys = keys
        self._file = h5py.File(path.name, "w", driver="core", backing_store=False)

    def put(self, cut: DataCut, name: str, array: NDArray[Any], frame_rate: Fraction) -> None:
        """Store (rows, ...) under `cut.custom[name]`, at `frame_rate` rows a second."""
        from lhotse.array import Array, TemporalArray

        key = f"{self._keys[cut.id]}/{name}"
        self._file.create_dataset(key, data=array)
        stored = Array("numpy_hdf5", str(self._path), key, list(array.shape))
        cut.custom[name] = TemporalArray(
            stored, temporal_dim=0, frame_shift=float(1 / frame_rate), start=cut.start
        )

    def save(self) -> None:
        """Write the file, in one step.

        Raises:
            OSError: the disk is full, or the like; it names the file.
        """
        self._file.flush()
        with replacing_file(self._path) as temporary:
            temporary.write_bytes(self._file.id.get_file_image())

    def close(self) -> None:
        """Free the memory."""
        self._file.close()


class Feature(ABC):
    """One field of a batch.

    A feature is a subclass in a module of its own: in `models/base/features/`, or in a package that names it
    in the entry-point group `hiervox.features`.

    Attributes:
        name: of the field.
        axis: of the first dimension: `time`, `tokens` (as many as the utterance's phonemes), `own` (a length
            that only the feature knows), or `none`.
        stored: whether it is computed once, by `hiervox extract`; otherwise while batches are read.
        settings: what it adds to the `features` section of an experiment: key → (type, default).
        columns, files: of a corpus's table that `hiervox prepare` keeps for it, texts and sound files;
            `Clip.column` returns them.
        padding: fills a batch's shorter clips.
        config: the experiment's sampling rate, frame rate and sections.
        networks: what it is computed by, shared with other features.
    """

    name: ClassVar[str]
    axis: ClassVar[Literal["time", "tokens", "own", "none"]] = "time"
    stored: ClassVar[bool] = False
    settings: ClassVar[Settings] = {}
    columns: ClassVar[tuple[str, ...]] = ()
    files: ClassVar[tuple[str, ...]] = ()

    def __init__(self, config: FeatureSetup, networks: Networks | None = None) -> None:
        self.config = config
        self.networks = networks or Networks()

    @property
    def frame_rate(self) -> Fraction:
        """Rows a second along the time axis: that of the experiment's frames."""
        return self.config.frame_rate

    @property
    def padding(self) -> float:
        """What fills a batch's shorter clips."""
        return 0

    @property
    def arrays(self) -> tuple[str, ...]:
        """Keys of `cut.custom` that extraction fills."""
        return (self.name,)

    def recipe(self) -> dict[str, Any]:
        """What the stored values depend on, for `features.json`; its keys are those of the experiment."""
        features = self.config.features.model_dump(mode="json")
        return {f"features.{key}": features[key] for key in self.settings}

    def require_recipe(self, stored: Mapping[str, Any], where: str) -> None:
        """Make sure that stored values are those that the experiment asks for.

        Args:
            stored: the `recipe` that they were made by.
            where: the file that says so.

        Raises:
            ConfigError: naming the setting, its stored and its wanted value.
        """
        for key, wanted in self.recipe().items():
            if stored.get(key) != wanted:
                raise ConfigError(
                    f"{where} was made with {_difference(key, stored.get(key), wanted)}",
                    "extract again into a new folder, or change the experiment",
                )

    @abstractmethod
    def compute(self, clip: Clip) -> Any:
        """The feature of a clip: an array (rows, ...) or (), or a string.

        Raises:
            HierVoxError: it has none, with the reason.
        """

    def begin(self, corpus: Corpus) -> None:
        """Get to know an epoch's corpus before the first utterance is read. Nothing by default."""
        return

    def load(self) -> None:
        """Load what the feature is computed by, before any clip is read. Nothing by default."""
        return

    def extract(self, clips: Sequence[Clip], store: FeatureStore) -> Failures:
        """Compute and store the feature of whole utterances; returns those that failed."""
        return each(clips, lambda clip: store.put(clip.cut, self.name, self.compute(clip), self.frame_rate))

    def is_in(self, cut: DataCut) -> bool:
        """Whether a cut of a manifest has all that a batch needs."""
        return not self.stored or all(name in (cut.custom or {}) for name in self.arrays)

    def read(self, clip: Clip) -> Any:
        """The feature of a clip in a batch: from the feature folder where it is stored."""
        return clip.stored(self.name) if self.stored else self.compute(clip)

    def read_or_compute(self, clip: Clip) -> Any:
        """The feature of a clip in a batch, computed where it is not stored with it."""
        stored = self.stored and all(name in (clip.cut.custom or {}) for name in self.arrays)
        return self.read(clip) if stored else self.compute(clip)

    def rows(self, frames: int) -> int:
        """Rows of so many frames along the time axis."""
        ratio = self.frame_rate * self.config.hop_length / self.config.sample_rate
        return round(frames * ratio)

    def collate(self, values: Sequence[Any], rows: int) -> Any:
        """A batch of the field: (B, rows), or (B, channels, rows) of features with channels."""
        if isinstance(values[0], str):
            return list(values)
        arrays = [np.asarray(value) for value in values]
        if self.axis == "none":
            return torch.from_numpy(np.stack(arrays))
        batch = stack(arrays, rows, self.padding)
        return batch.transpose(1, 2).contiguous() if batch.dim() == 3 else batch

    def random(self, clips: RandomClips) -> Any:
        """A batch of the field in the ranges of speech, for timing a training step.

        Raises:
            ConfigError: the feature says nothing of what it holds, as by default.
        """
        raise ConfigError(f"no random {self.name} can be made up", "choose another system")

    def issues(self, clip: Clip, limits: Limits) -> Iterator[tuple[str, str]]:
        """What makes an utterance unusable for this feature: reasons of one word, and details."""
        return iter(())


def each(clips: Sequence[Clip], action: Callable[[Clip], None]) -> Failures:
    """Call `action` with every clip. One odd clip must not end a run of hours: it is reported."""
    failed: Failures = {}
    for clip in clips:
        try:
            action(clip)
        except (ConfigError, DependencyError):
            raise
        except Exception as error:
            failed[clip.cut.id] = reason(error)
    return failed


def stack(arrays: Sequence[NDArray[Any]], length: int, padding: float = 0) -> torch.Tensor:
    """Cut or pad the first dimension to `length`, and stack: (B, length, ...)."""
    first = torch.from_numpy(arrays[0])
    batch = torch.full((len(arrays), length, *first.shape[1:]), padding, dtype=first.dtype)
    for row, array in zip(batch, arrays, strict=True):
        row[: len(array)] = torch.from_numpy(array[:length])
    return batch


def _difference(key: str, stored: Any, wanted: Any) -> str:
    """The innermost setting that differs."""
    if isinstance(stored, dict) and isinstance(wanted, dict):
        for inner in sorted(stored.keys() | wanted.keys()):
            if stored.get(inner) != wanted.get(inner):
                return _difference(f"{key}.{inner}", stored.get(inner), wanted.get(inner))
    return f"{key} {stored}, but the experiment says {wanted}"
