"""Waveforms on disk and in memory."""

from hiervox.processors.audio.reading import Recording, audio_chunks, decode_audio, read_audio, write_audio
from hiervox.processors.audio.resampling import check_rate, resample, resample_chunks, resample_tensor
from hiervox.processors.audio.waveform import (
    FLAT_LEVEL,
    FLAT_SHARE,
    FRAME_RATE,
    HOP_LENGTH,
    PAD_MULTIPLE,
    SAMPLE_RATE,
    SILENCE_PEAK,
    Waveform,
    as_waveform,
    check_peak,
    check_waveform,
    pad_to_multiple,
    peak_normalize,
    require_sound,
    rms_dbfs,
)

__all__ = [
    "FLAT_LEVEL",
    "FLAT_SHARE",
    "FRAME_RATE",
    "HOP_LENGTH",
    "PAD_MULTIPLE",
    "SAMPLE_RATE",
    "SILENCE_PEAK",
    "Recording",
    "Waveform",
    "as_waveform",
    "audio_chunks",
    "check_peak",
    "check_rate",
    "check_waveform",
    "decode_audio",
    "pad_to_multiple",
    "peak_normalize",
    "read_audio",
    "require_sound",
    "resample",
    "resample_chunks",
    "resample_tensor",
    "rms_dbfs",
    "write_audio",
]
