"""Each voice again at other speeds, as new voices.

Resampled speech has another pitch and other formants, together, as a larger or smaller speaker has them.
Speaker recognition multiplies its speakers so (Yamamoto et al., Interspeech 2019, "Speaker augmentation and
bandwidth extension for deep speaker embedding").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hiervox.models.base.data.randomness import generator_for
from hiervox.processors.audio import SAMPLE_RATE, Waveform, read_audio, resample, write_audio

RANGES = ((0.86, 0.95), (1.06, 1.19))
"""Speeds of the copies in turn. Nearer to 1 a copy is the same voice, further off it is nobody's."""


def speeds(speaker: str, copies: int) -> list[float]:
    """The speeds of a speaker's copies, in hundredths; all clips of a speaker have the same."""
    return [
        round(float(generator_for(speaker, copy).uniform(*RANGES[copy % 2])), 2) for copy in range(copies)
    ]


def at_speed(wav: Waveform, speed: float) -> Waveform:
    """A waveform (T,) played `speed` times as fast: (ceil(T / speed),), pitch and formants moved with it."""
    return resample(wav, round(SAMPLE_RATE * speed), SAMPLE_RATE)


def copied(rows: Sequence[Mapping[str, Any]], copies: int, folder: Path) -> Iterator[dict[str, Any]]:
    """Rows like the given ones for `copies` copies of each clip, which are written under `folder` as FLAC.

    A clip that is there already is kept.
    """
    for row in rows:
        wav: Waveform | None = None
        for speed in speeds(row["speaker"], copies):
            name = f"{row['id']}-x{speed:.2f}"
            path = folder / f"{name}.flac"
            if not path.is_file():
                wav = read_audio(row["audio"], SAMPLE_RATE)[0] if wav is None else wav
                write_audio(path, _within_scale(at_speed(wav, speed)), SAMPLE_RATE)
            speaker = f"{row['speaker']}-x{speed:.2f}"
            yield {**row, "audio": str(path), "id": name, "speaker": speaker}


def _within_scale(wav: Waveform) -> Waveform:
    """Resampling can overshoot full scale."""
    peak = float(abs(wav).max(initial=0.0))
    return wav if peak <= 1 else wav / peak
