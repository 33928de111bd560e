"""Golden outputs of HiFi-GAN's three generators."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hiervox.models.vocoder.hifigan.published import import_hifigan
from hiervox.modules.generators.hifigan import HiFiGANGenerator
from hiervox.processors.spectrogram import SpectrogramConfig
from tests.golden import Case, Golden, Output, with_weights
from tests.models.vocoder.published import HIFIGAN, golden_log_mel, mel_of

CONFIGS: dict[str, dict[str, Any]] = {
    "hifigan_v1": HIFIGAN,
    "hifigan_v2": {**HIFIGAN, "upsample_initial_channel": 128},
    "hifigan_v3": {
        **HIFIGAN,
        "resblock": "2",
        "upsample_rates": [8, 8, 4],
        "upsample_kernel_sizes": [16, 16, 8],
        "upsample_initial_channel": 256,
        "resblock_kernel_sizes": [3, 5, 7],
        "resblock_dilation_sizes": [[1, 2], [2, 6], [3, 12]],
    },
}


def generator(golden: Golden) -> Iterator[Output]:
    """The mel spectrograms of input and loss, and the waveform."""
    sections, weights = import_hifigan(golden.state_dict(), CONFIGS[golden.name])
    mel = mel_of(sections)
    yield "log_mel", golden_log_mel(golden, mel)
    for_loss = SpectrogramConfig(**{**mel.model_dump(), "f_max": mel.sample_rate / 2})
    yield "log_mel_for_loss", golden_log_mel(golden, for_loss)
    yield "audio", with_weights(HiFiGANGenerator(sections["model"]), weights)(golden["mel"])


CASES: dict[str, Case] = dict.fromkeys(CONFIGS, generator)
