"""PESQ, wide band, by the reference implementation."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from hiervox.evaluation.metric import Figure, Scores
from hiervox.evaluation.paired import PairedMetric
from hiervox.processors.audio import Waveform

SAMPLE_RATE = 16000
LONGEST_SECONDS = 300
"""Of what is scored; PESQ is made for recordings of some seconds, and its memory grows with them."""
SAFE_SECONDS = 20
"""The ITU's code has room for 50 stretches of speech, each of 0.2 s with as long a pause at least: more of
them end its process."""


class PerceptualQuality(PairedMetric):
    """PESQ (wide band). The package holds the ITU's C code and no wheel: it needs a compiler."""

    name = "pesq"
    measures = "perceptual quality against a reference of the same length, wide band (MOS-LQO)"
    paper = "ITU-T P.862.2"
    requires: ClassVar[Mapping[str, str]] = {"pesq": "pesq"}
    columns = ("pesq",)
    figures: ClassVar[Mapping[str, Figure]] = {"pesq": Figure("PESQ-WB", "higher")}
    sample_rate = SAMPLE_RATE

    @property
    def settings(self) -> Mapping[str, str]:
        return {"PESQ": f"package pesq, wide band, 16 kHz, recordings of at most {LONGEST_SECONDS} s"}

    def compare(self, wav: Waveform, reference: Waveform, rate: int) -> Scores | None:
        if wav.size > LONGEST_SECONDS * rate:
            return None
        score = _pesq(wav, reference) if wav.size <= SAFE_SECONDS * rate else _pesq_apart(wav, reference)
        return None if score is None else {"pesq": score}


def _pesq(wav: Waveform, reference: Waveform) -> float | None:
    """PESQ of waveforms (T,) at 16 kHz; None where there is no speech in them."""
    from pesq import NoUtterancesError, pesq
    from pesq.cypesq import BufferTooShortError

    try:
        return float(pesq(SAMPLE_RATE, reference, wav, "wb"))
    except (NoUtterancesError, BufferTooShortError):
        return None


def _pesq_apart(wav: Waveform, reference: Waveform) -> float | None:
    """`_pesq` in a process of its own; None where that ends it."""
    both = np.stack([wav, reference]).astype(np.float32)
    done = subprocess.run([sys.executable, "-m", __name__], input=both.tobytes(), capture_output=True)
    if done.returncode < 0:  # by a signal
        return None
    done.check_returncode()
    return float(done.stdout) if done.stdout else None


if __name__ == "__main__":
    given = np.frombuffer(sys.stdin.buffer.read(), np.float32).reshape(2, -1)
    found = _pesq(*given)
    sys.stdout.write("" if found is None else repr(found))
