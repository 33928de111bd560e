"""Pictures of speech for the page."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hiervox.models.base.pipelines.pitch_transfer import track_pitch
from hiervox.models.base.pipelines.speech import drawn_mel
from hiervox.models.base.pipelines.subtitles import SentenceTimes
from hiervox.processors.audio import SAMPLE_RATE, Waveform, resample_chunks
from hiervox.processors.pitch import F0Contour, PitchConfig
from hiervox.processors.spectrogram import log_mel, mel_frequencies
from hiervox.utils.plots import speech_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PICTURED_SECONDS = 12.0
"""Of sound; of a longer one its beginning is drawn."""
TRACKER = PitchConfig(method="dio")
F0_RATE = 200
DOTS = 100
"""To the inch."""


def speech_picture(
    wav: Waveform,
    rate: int,
    tracks: Mapping[str, F0Contour],
    sentences: Sequence[SentenceTimes] = (),
    label: str = "Spectrogram and F0",
) -> str:
    """HTML of the spectrogram, F0 and alignment of a sound.

    Args:
        wav: (T,), at `rate` Hz.
        rate: Hz.
        tracks: name → F0 in Hz, 200 a second.
        sentences: of a text.
        label: for those who can't see it.
    """
    import torch

    config = drawn_mel(rate)
    shown = wav[: int(PICTURED_SECONDS * rate)]
    shown = np.pad(shown, (0, max(0, config.n_fft - shown.size)))
    mel = log_mel(torch.from_numpy(shown.astype(np.float32))[None], config)[0].numpy()
    words = [(word.start, word.end, word.text) for each in sentences for word in each.words]
    phonemes = [(sound.start, sound.end, sound.text) for each in sentences for sound in each.phonemes]
    rows = [[timed for timed in row if timed[0] < PICTURED_SECONDS] for row in (words, phonemes) if row]
    cut = {name: f0[: int(PICTURED_SECONDS * F0_RATE)] for name, f0 in tracks.items()}
    figure = speech_figure(mel, config.hop_length / rate, mel_frequencies(config), cut, rows)
    cut_short = f" of the first {PICTURED_SECONDS:g} s" if wav.size / rate > PICTURED_SECONDS else ""
    return picture(figure, f"{label}{cut_short}")


def picture(figure: Figure, label: str) -> str:
    """HTML of a figure."""
    file = io.BytesIO()
    figure.savefig(file, dpi=DOTS, format="png")
    data = base64.b64encode(file.getvalue()).decode()
    said = html.escape(label, quote=True)
    image = f'<img class="picture" alt="{said}" src="data:image/png;base64,{data}">'
    return f"<figure>{image}<figcaption>{said}</figcaption></figure>"


def tracked(wav: Waveform, rate: int) -> F0Contour:
    """F0 of the beginning of a sound (T,) that is drawn, in Hz, 200 a second."""
    shown = wav[: int(PICTURED_SECONDS * rate)].astype(np.float32)
    chunks: list[Any] = list(resample_chunks([shown], rate, SAMPLE_RATE))
    return track_pitch(np.concatenate(chunks), TRACKER, "the sound")
