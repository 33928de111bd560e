"""An utterance, or a segment of one, as features see it."""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hiervox.models.base.data.manifest import supervision_of
from hiervox.models.base.data.randomness import generator_for
from hiervox.models.base.data.shard_members import read_array
from hiervox.models.base.data.waveform import cut_samples, read_waveform
from hiervox.processors.audio import FRAME_RATE, Waveform, resample
from hiervox.utils.errors import DataError

if TYPE_CHECKING:
    import h5py
    from lhotse.cut.data import DataCut
    from numpy.typing import NDArray

    from hiervox.models.base.data.setup import FeatureSetup

PCM_SCALE = 32767
WAV = "wav"
OPEN_STORES = 32
BROKEN = "remove the manifest of its block, and run `hiervox extract` again"


def padded_frames(samples: int, hop_length: int, pad_multiple: int | None) -> int:
    """Frames of a waveform once it is padded with zeros.

    Args:
        samples: before padding.
        hop_length: samples to a frame.
        pad_multiple: pad to the next multiple of so many samples, by one at least; None pads to whole frames.
    """
    if pad_multiple is None:
        return -(-samples // hop_length)
    return (samples // pad_multiple + 1) * (pad_multiple // hop_length)


def utterance_frames(cut: DataCut, setup: FeatureSetup) -> int:
    """Frames of a whole cut: those of its stored waveform, or, without any, of its padded audio."""
    stored = (cut.custom or {}).get(WAV)
    if stored is not None and round(1 / stored.frame_shift) == setup.sample_rate:
        return int(stored.shape[0]) // setup.hop_length
    samples = cut_samples(cut, setup.sample_rate)
    return padded_frames(samples, setup.hop_length, setup.pad_multiple)


class Clip:
    """What a feature is computed of, or read for: a whole cut, or `frames` of it from frame `start` on.

    Args:
        cut: the utterance.
        setup: sampling rate, frame rate and sections of the experiment.
        start: first frame.
        frames: length; None takes the whole utterance.
        generator: of everything random in the clip's features.
    """

    def __init__(
        self,
        cut: DataCut,
        setup: FeatureSetup,
        start: int = 0,
        frames: int | None = None,
        generator: np.random.Generator | None = None,
    ) -> None:
        self.cut = cut
        self.setup = setup
        self.start = start
        self._frames = frames
        self.generator = generator or generator_for(cut.id)

    def column(self, name: str) -> str:
        """What the corpus's table says in a column that the feature declares; empty where it says nothing."""
        supervision = supervision_of(self.cut)
        custom = (supervision.custom or {}) if supervision is not None else {}
        return str(custom.get(name, ""))

    @property
    def is_whole(self) -> bool:
        """Whether the clip is the utterance itself."""
        return self._frames is None

    @cached_property
    def frames(self) -> int:
        """Length in frames of `setup.hop_length` samples, the padding of the utterance counted."""
        return utterance_frames(self.cut, self.setup) if self._frames is None else self._frames

    @cached_property
    def original(self) -> Waveform:
        """The whole utterance as recorded: (T,) at the recording's own rate.

        Raises:
            AudioError: the file is missing, unreadable or truncated.
        """
        return read_waveform(self.cut, self.cut.recording.sampling_rate)

    def recording_at(self, rate: int) -> Waveform:
        """The whole utterance, without padding: (T,) at `rate` Hz.

        Raises:
            AudioError: the file is missing, unreadable or truncated.
        """
        return resample(self.original, self.cut.recording.sampling_rate, rate)

    @cached_property
    def wav(self) -> Waveform:
        """The clip's samples (T,) at `setup.sample_rate`, zero-padded to whole frames.

        Raises:
            AudioError: the file is missing, unreadable or truncated.
        """
        return self.at_rate(self.setup.sample_rate) if self.is_whole else self._window()

    def at_rate(self, rate: int) -> Waveform:
        """A whole utterance (T,) at `rate` Hz, padded to the clip's length."""
        return self.fitted(self.recording_at(rate), rate)

    def fitted(self, wav: Waveform, rate: int) -> Waveform:
        """Zero-pad a whole utterance (T,) at `rate` Hz to the seconds that `wav` has, in steps of 20 ms."""
        setup, own_rate = self.setup, self.cut.recording.sampling_rate
        samples = -(-self.original.size * setup.sample_rate // own_rate)
        length = padded_frames(samples, setup.hop_length, setup.pad_multiple) * setup.hop_length
        if rate != setup.sample_rate:
            unit = rate // FRAME_RATE
            length = -(-length * rate // (setup.sample_rate * unit)) * unit
        return np.pad(wav, (0, max(0, length - wav.size)))

    def stored(self, name: str) -> NDArray[Any]:
        """The clip's rows of a stored array, the others unread: (rows, ...).

        Args:
            name: of the array, a key of `cut.custom`.
        """
        array = self.cut.custom[name]
        rate = Fraction(1 / array.frame_shift).limit_denominator(1_000_000)
        per_frame = rate * self.setup.hop_length / self.setup.sample_rate
        first, last = round(self.start * per_frame), round((self.start + self.frames) * per_frame)
        rows: NDArray[Any] = _read_rows(array.array.storage_path, array.array.storage_key, first, last)
        if rows.dtype.kind == "f" and not np.isfinite(rows).all():
            raise DataError(f"{name} of {self.cut.id} holds NaN or infinity", BROKEN)
        return rows

    def _window(self) -> Waveform:
        """Samples of a window; the stored copy is used where it has the setup's rate."""
        rate, hop_length = self.setup.sample_rate, self.setup.hop_length
        length = self.frames * hop_length
        array = (self.cut.custom or {}).get(WAV)
        if array is not None and round(1 / array.frame_shift) == rate:
            wav: Waveform = (self.stored(WAV) / np.float32(PCM_SCALE)).astype(np.float32)
        else:
            start, seconds = self.start * hop_length / rate, length / rate
            wav = read_waveform(self.cut, rate, start, seconds)[:length]
        return np.pad(wav, (0, length - wav.size))


def _read_rows(path: str, key: str, first: int, last: int) -> NDArray[Any]:
    """Rows of an array of a block.

    Raises:
        DataError: the file is missing, truncated, or lacks the array.
    """
    if path.endswith(".tar"):  # of a shard
        return read_array(path, int(key), first, last)
    try:
        rows: NDArray[Any] = open_store(path)[key][first:last]
    except (OSError, KeyError, RuntimeError, TypeError, ValueError) as error:
        reason = "it is not there" if not Path(path).exists() else " ".join(str(error).split())
        raise DataError(f"can't read {key} of the feature file {path} ({reason})", BROKEN) from error
    return rows


@lru_cache(maxsize=OPEN_STORES)
def open_store(path: str) -> h5py.File:
    """The HDF5 file of a block. lhotse's own reader never closes one, and a large corpus has thousands."""
    import h5py

    return h5py.File(path, "r")
