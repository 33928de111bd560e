"""The sound of a cut, read with soundfile."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING

import numpy as np

from hiervox.models.base.data.manifest import audio_path
from hiervox.models.base.data.shard_members import recording_in_shard
from hiervox.processors.audio import SAMPLE_RATE, Waveform, decode_audio, read_audio, resample
from hiervox.utils.errors import AudioError

if TYPE_CHECKING:
    from lhotse.cut.data import DataCut


def cut_samples(cut: DataCut, rate: int = SAMPLE_RATE) -> int:
    """Samples of a cut at `rate`, as `read_waveform` gives them."""
    own_rate = cut.recording.sampling_rate
    samples = round(cut.duration * own_rate)
    return samples if own_rate == rate else -(-samples * rate // own_rate)


def read_waveform(cut: DataCut, rate: int, start: float = 0.0, seconds: float | None = None) -> Waveform:
    """Read a cut, or a window of it, as mono float32 (T,) at `rate` Hz.

    Args:
        cut: any part of a recording.
        rate: Hz; the recording is resampled.
        start: seconds into the cut.
        seconds: length of the window; None reads to the end of the cut. A window is cut off at that end.

    Raises:
        AudioError: the file is missing, unreadable or truncated.
    """
    path, data = audio_path(cut), recording_in_shard(cut)
    whole = cut.start == 0 and cut.duration == cut.recording.duration
    if whole and start == 0 and seconds is None:
        if data is None:
            return read_audio(path, rate)[0]
        wav, own_rate = decode_audio(data, str(path), math.inf)
        return resample(wav, own_rate, rate)
    import soundfile

    own_rate = cut.recording.sampling_rate
    first = round((cut.start + start) * own_rate)
    last = round(
        (cut.start + (cut.duration if seconds is None else min(start + seconds, cut.duration))) * own_rate
    )
    try:
        wav, _ = soundfile.read(
            path if data is None else io.BytesIO(data),
            start=first,
            stop=last,
            dtype="float32",
            always_2d=True,
        )
    except (soundfile.LibsndfileError, OSError, ValueError) as error:
        raise AudioError(f"can't read {path} ({error})", "run `hiervox validate`") from error
    if len(wav) < last - first:
        raise AudioError(f"{path} is truncated", "run `hiervox validate`")
    return resample(np.ascontiguousarray(wav.mean(axis=1, dtype=np.float32)), own_rate, rate)
