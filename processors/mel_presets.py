"""Mel spectrograms of published systems, by name; a config's `mel` section may name one as `preset`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator

from hiervox.processors.spectrogram import SpectrogramConfig
from hiervox.utils.registry import nearest

HIFIGAN = SpectrogramConfig(
    sample_rate=22_050,
    n_fft=1024,
    win_length=1024,
    hop_length=256,
    n_mels=80,
    f_max=8000,
    framing="between",
    mel_scale="slaney",
    mel_norm="slaney",
    power=1,
    magnitude_epsilon=1e-9,
    floor=1e-5,
    floor_mode="clamp",
)
BIGVGAN_24K = HIFIGAN.model_copy(update={"sample_rate": 24_000, "n_mels": 100, "f_max": 12_000.0})
VOCOS = SpectrogramConfig(
    sample_rate=24_000,
    n_fft=1024,
    win_length=1024,
    hop_length=256,
    n_mels=100,
    f_max=12_000,
    framing="centered",
    power=1,
    floor=1e-7,
    floor_mode="clamp",
)
TACOTRON = HIFIGAN.model_copy(update={"framing": "centered", "magnitude_epsilon": 0.0})

PRESETS: dict[str, SpectrogramConfig] = {
    "apnet": HIFIGAN.model_copy(
        update={"sample_rate": 16_000, "hop_length": 80, "win_length": 320, "framing": "centered"}
    ),
    "apnet2": HIFIGAN.model_copy(update={"framing": "centered"}),
    # Amphion's data set of text to audio doesn't say more than sizes.
    "audioldm": HIFIGAN.model_copy(update={"sample_rate": 16_000}),
    "audioldm_64": TACOTRON.model_copy(
        update={"sample_rate": 16_000, "hop_length": 160, "n_mels": 64, "framing": "trimmed"}
    ),
    "bigvgan_24k": BIGVGAN_24K,
    "bigvgan_44k": BIGVGAN_24K.model_copy(
        update={
            "sample_rate": 44_100,
            "n_fft": 2048,
            "win_length": 2048,
            "hop_length": 512,
            "n_mels": 128,
            "f_max": 22_050.0,
        }
    ),
    "diffwave": SpectrogramConfig(
        sample_rate=22_050,
        n_fft=1024,
        win_length=1024,
        hop_length=256,
        f_min=20,
        f_max=11_025,
        framing="centered",
        power=1,
        window_norm=True,
        log="decibel",
        decibel_reference=20,
        floor=1e-5,
        floor_mode="clamp",
    ),
    "f5_tts": VOCOS.model_copy(update={"floor": 1e-5}),
    "hierspeechpp": SpectrogramConfig(),
    "hifigan": HIFIGAN,
    "melgan": HIFIGAN.model_copy(update={"f_max": 11_025.0, "magnitude_epsilon": 0.0, "log": "log10"}),
    "nsf_hifigan": HIFIGAN.model_copy(
        update={
            "sample_rate": 44_100,
            "n_fft": 2048,
            "win_length": 2048,
            "hop_length": 512,
            "n_mels": 128,
            "f_min": 40.0,
            "f_max": 16_000.0,
            "magnitude_epsilon": 0.0,
        }
    ),
    "tacotron": TACOTRON,
    "vits": HIFIGAN.model_copy(update={"f_max": 11_025.0, "magnitude_epsilon": 1e-6}),
    "vocos": VOCOS,
    # The paper names sizes and range alone.
    "wavegrad": TACOTRON.model_copy(
        update={
            "sample_rate": 24_000,
            "n_fft": 2048,
            "win_length": 1200,
            "hop_length": 300,
            "n_mels": 128,
            "f_min": 20.0,
            "f_max": 12_000.0,
        }
    ),
    "wavenet": TACOTRON.model_copy(update={"f_min": 125.0, "f_max": 7600.0, "log": "log10", "floor": 1e-10}),
    "wavernn": TACOTRON.model_copy(
        update={
            "n_fft": 2048,
            "win_length": 1100,
            "hop_length": 275,
            "f_min": 40.0,
            "f_max": 11_025.0,
            "log": "decibel",
        }
    ),
}


def mel_preset(name: str) -> SpectrogramConfig:
    """The preset of that name.

    Raises:
        ValueError: there is none; names the nearest.
    """
    if not isinstance(name, str) or name not in PRESETS:
        raise ValueError(f"no mel preset {name!r}: {nearest(str(name), PRESETS)}")
    return PRESETS[name]


def _with_preset(section: Any) -> Any:
    if isinstance(section, str):
        return mel_preset(section)
    if isinstance(section, Mapping) and "preset" in section:
        own = {key: value for key, value in section.items() if key != "preset"}
        return {**mel_preset(section["preset"]).model_dump(), **own}
    return section


MelSection = Annotated[SpectrogramConfig, BeforeValidator(_with_preset)]
"""A config's `mel` section: the name of a preset, or keys of `SpectrogramConfig` over those of `preset`."""
