"""Fundamental frequency: one interface to the trackers of other packages.

F0 tracks are float32 arrays in Hz at a fixed hop; 0 means unvoiced. Measured on one core, as seconds of
work to one of speech at 16 kHz: DIO 0.005, Praat 0.01, YAAPT 0.06, Harvest 0.18, CREPE
(tiny) 0.8.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import PositiveFloat, model_validator

from hiervox.processors.yin import centred_frames, yin
from hiervox.utils.config import Config
from hiervox.utils.errors import AudioError, DependencyError

if TYPE_CHECKING:
    from torch import Tensor

F0Contour = NDArray[np.float32]
ValueT = TypeVar("ValueT", NDArray[np.float32], "Tensor")

SEMITONES_PER_OCTAVE = 12
SILENCE_PEAK = 1e-4
"""Nothing is tracked in a waveform whose peak is under -80 dBFS."""
CREPE_VOICING = 0.21
"""Periodicity over which a frame is voiced; torchcrepe's README recommends it."""


PRAAT_SILENCE = 0.01
"""Share of the loudest peak under which Praat hears no voice; its own, 0.03, loses the soft ends of notes."""


def semitone_ratio(semitones: float) -> float:
    """By which frequencies rise."""
    ratio: float = 2 ** (semitones / SEMITONES_PER_OCTAVE)
    return ratio


SILENCE_LEVEL = 1e-3
"""Root mean square under which nothing is voiced."""


class PitchConfig(Config):
    """Which tracker, and where it looks.

    Attributes:
        method: `yaapt` is the published choice; `dio` is fast; `harvest` loses the fewest voiced frames of
            speech; `praat` (package praat-parselmouth) errs least on singing; `crepe` is a neural tracker
            (package torchcrepe).
        f_min, f_max: range of the search in Hz. 60 is YAAPT's default and 1100 the published inference's.
        hop_seconds: time from one value to the next.
    """

    method: Literal["yaapt", "dio", "harvest", "praat", "crepe"] = "yaapt"
    f_min: PositiveFloat = 60.0
    f_max: PositiveFloat = 1100.0
    hop_seconds: PositiveFloat = 0.005

    @model_validator(mode="after")
    def _check_range(self) -> PitchConfig:
        if self.f_min >= self.f_max:
            raise ValueError(f"f_min {self.f_min:g} is not under f_max {self.f_max:g}")
        return self


def extract_f0(wav: NDArray[np.floating], rate: int, config: PitchConfig, name: str) -> F0Contour:
    """Track the F0 of a waveform.

    Args:
        wav: (T,), full scale at ±1.
        rate: of `wav`, Hz.
        config: tracker and range.
        name: what the recording is called in errors.

    Returns:
        (T // (rate · hop_seconds),) in Hz. All 0 means that the tracker worked and heard no voice, which the
        caller has to judge; a tracker that fails is never replaced by zeros.

    Raises:
        AudioError: the waveform is silent or not finite, or the tracker failed on it (mostly: too short).
        DependencyError: the tracker's package is not installed.
    """
    if not np.isfinite(wav).all():
        raise AudioError(
            f"{name}: no F0 in a waveform with a NaN or an infinity", "convert the recording again"
        )
    if np.abs(wav).max(initial=0.0) < SILENCE_PEAK:
        raise AudioError(f"{name}: no F0 in a silent recording", "remove it or record it again")
    hop_length = rate * config.hop_seconds
    frames = int(wav.size / hop_length + 1e-6)
    trackers = {"yaapt": _yaapt, "dio": _world, "harvest": _world, "praat": _praat, "crepe": _crepe}
    tracker = trackers[config.method]
    try:
        f0 = tracker(np.asarray(wav, np.float64), rate, config)
    except DependencyError:
        raise
    except Exception as error:  # each package fails in its own ways, IndexError among them
        reason = f"{type(error).__name__}: {error}"
        hint = "give a longer or cleaner recording, or another pitch method"
        raise AudioError(
            f"{name}: {config.method} can't track the F0 of {wav.size / rate:.2f} s ({reason})", hint
        ) from error
    if not np.isfinite(f0).all() or abs(f0.size - frames) > 4:
        raise AudioError(f"{name}: {config.method} gave an unusable F0", "use another pitch method")
    return fit_length(f0.astype(np.float32), frames)


def log_f0(f0: ValueT) -> ValueT:
    """log(F0 + 1) of F0 in Hz, as the models take it: unvoiced stays 0."""
    if isinstance(f0, np.ndarray):
        return np.log1p(f0)
    return f0.log1p()


def normalise_f0(f0: F0Contour, mean: float | None = None, deviation: float | None = None) -> F0Contour:
    """F0 (T,) in Hz as distances from a mean in standard deviations; unvoiced stays 0.

    Args:
        f0: in Hz, 0 where unvoiced.
        mean, deviation: in Hz; by default those of the voiced values. A deviation of 0 counts as 1 Hz.
    """
    voiced = f0[f0 > 0].astype(np.float64)
    if not voiced.size:
        return np.zeros_like(f0)
    mean = float(voiced.mean()) if mean is None else mean
    deviation = float(voiced.std()) if deviation is None else deviation
    return np.where(f0 > 0, (f0 - mean) / (deviation or 1.0), 0).astype(np.float32)


def pitch_level(f0: F0Contour) -> tuple[float, float]:
    """Where a voice lies, and how far it moves, as a tracker's octave errors leave them.

    Args:
        f0: (T,) in Hz, 0 where unvoiced.

    Returns:
        Median of the voiced values and their median absolute deviation, scaled to the standard deviation of a
        normal distribution, in Hz; 0, 0 where nothing is voiced.
    """
    voiced = f0[f0 > 0].astype(np.float64)
    if not voiced.size:
        return 0.0, 0.0
    median = float(np.median(voiced))
    return median, 1.4826 * float(np.median(np.abs(voiced - median)))


def quick_pitch(wav: NDArray[np.float32], rate: int) -> F0Contour:
    """F0 of a voice's loud frames, for `pitch_level`: YIN (de Cheveigné, Kawahara 2002).

    Over 30 real recordings its median is 1.4 semitones off that of another clip of the reader, Harvest's 1.2
    at twenty times the cost, DIO's, which errs by octaves in noise, 3.6.

    Args:
        wav: (T,).
        rate: Hz.

    Returns:
        F0 in Hz, 0 where it is quiet, 50 values a second.
    """
    hop = rate // 50
    window = round(0.064 * rate)
    if wav.size < 2 * window:
        return np.zeros(0, np.float32)
    frames = centred_frames(wav, window, hop)
    f0 = yin(frames, rate, f_min=60, f_max=500)
    level = np.sqrt(np.mean(np.square(frames), axis=1))
    loud = level > max(0.3 * float(np.quantile(level, 0.95)), SILENCE_LEVEL)
    track: F0Contour = np.where(loud, f0, 0).astype(np.float32)
    return track


def fit_length(f0: F0Contour, frames: int) -> F0Contour:
    """Cut (n,) to (frames,), or lengthen it by unvoiced frames."""
    return np.pad(f0[:frames], (0, max(0, frames - f0.size)))


def _yaapt(wav: NDArray[np.float64], rate: int, config: PitchConfig) -> NDArray[np.float64]:
    """YAAPT (Zahorian and Hu 2008) with the published options; half a frame of zeros centres the frames."""
    from amfm_decompy import basic_tools, pYAAPT

    frame_milliseconds = 20.0
    half_frame = int(rate * frame_milliseconds / 1000) // 2
    signal = basic_tools.SignalObj(np.pad(wav, half_frame), rate)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # It divides by the energy of digital silence between words, and drops the NaN later.
        warnings.simplefilter("ignore")
        track = pYAAPT.yaapt(
            signal,
            f0_min=config.f_min,
            f0_max=config.f_max,
            frame_length=frame_milliseconds,
            frame_space=config.hop_seconds * 1000,
            nccf_thresh1=0.25,
            tda_frame_length=25.0,
        )
    return np.asarray(track.samp_values, np.float64)


def _world(wav: NDArray[np.float64], rate: int, config: PitchConfig) -> NDArray[np.float64]:
    """DIO or Harvest (WORLD, Morise et al. 2016), refined by StoneMask."""
    import pyworld

    find = pyworld.dio if config.method == "dio" else pyworld.harvest
    coarse, times = find(
        wav, rate, f0_floor=config.f_min, f0_ceil=config.f_max, frame_period=config.hop_seconds * 1000
    )
    return np.asarray(pyworld.stonemask(wav, coarse, times, rate), np.float64)


def _praat(wav: NDArray[np.float64], rate: int, config: PitchConfig) -> NDArray[np.float64]:
    """Praat's autocorrelation (Boersma 1993), which looks into sounds under its own threshold of silence."""
    try:
        import parselmouth
    except ImportError as error:
        raise DependencyError(
            "pitch method praat needs the package praat-parselmouth", "pip install praat-parselmouth"
        ) from error
    pitch = parselmouth.Sound(wav, rate).to_pitch_ac(
        time_step=config.hop_seconds,
        pitch_floor=config.f_min,
        pitch_ceiling=config.f_max,
        silence_threshold=PRAAT_SILENCE,
    )
    times = np.arange(int(wav.size / (rate * config.hop_seconds) + 1e-6)) * config.hop_seconds
    found = np.asarray(pitch.selected_array["frequency"], np.float64)
    nearest = np.rint((times - pitch.xs()[0]) / config.hop_seconds).astype(int)
    inside = (nearest >= 0) & (nearest < found.size)
    return np.where(inside, found[nearest.clip(0, found.size - 1)], 0.0)


def _crepe(wav: NDArray[np.float64], rate: int, config: PitchConfig) -> NDArray[np.float64]:
    """CREPE (Kim et al. 2018), the tiny network, Viterbi-decoded."""
    try:
        import torchcrepe
    except ImportError as error:
        raise DependencyError(
            "pitch method crepe needs the package torchcrepe", "pip install torchcrepe"
        ) from error
    import torch

    from hiervox.processors.audio import resample

    network_rate = 16000
    hop_length = round(network_rate * config.hop_seconds)
    audio = torch.from_numpy(resample(wav.astype(np.float32), rate, network_rate))[None]
    f0: Any
    f0, periodicity = torchcrepe.predict(
        audio,
        network_rate,
        hop_length,
        fmin=config.f_min,
        fmax=config.f_max,
        model="tiny",
        return_periodicity=True,
        batch_size=512,
        device="cpu",
    )
    return torch.where(periodicity > CREPE_VOICING, f0, 0.0)[0].double().numpy()
