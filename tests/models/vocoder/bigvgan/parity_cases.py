"""Golden outputs of BigVGAN's generators of both versions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hiervox.models.vocoder.bigvgan.published import import_bigvgan
from hiervox.modules.generators.hifigan import HiFiGANGenerator
from tests.golden import Case, Golden, Output, with_weights
from tests.models.vocoder.published import HIFIGAN, golden_log_mel, mel_of

_BASE = {
    **HIFIGAN,
    "activation": "snakebeta",
    "snake_logscale": True,
    "num_mels": 100,
    "sampling_rate": 24000,
    "fmax": 12000,
}
_LARGE = {
    **_BASE,
    "upsample_rates": [4, 4, 2, 2, 2, 2],
    "upsample_kernel_sizes": [8, 8, 4, 4, 4, 4],
    "upsample_initial_channel": 1536,
}
_SECOND = {**_LARGE, "use_tanh_at_final": False, "use_bias_at_final": False, "fmax": None}
CONFIGS: dict[str, dict[str, Any]] = {
    "bigvgan_base_24k": _BASE,
    "bigvgan_24k": _LARGE,
    "bigvgan_v2_24k": _SECOND,
    "bigvgan_v2_44k": {
        **_SECOND,
        "upsample_rates": [8, 4, 2, 2, 2, 2],
        "upsample_kernel_sizes": [16, 8, 4, 4, 4, 4],
        "num_mels": 128,
        "n_fft": 2048,
        "hop_size": 512,
        "win_size": 2048,
        "sampling_rate": 44100,
    },
}


def generator(golden: Golden) -> Iterator[Output]:
    """The mel spectrogram and the waveform."""
    sections, weights = import_bigvgan(golden.state_dict(), CONFIGS[golden.name])
    yield "log_mel", golden_log_mel(golden, mel_of(sections))
    yield "audio", with_weights(HiFiGANGenerator(sections["model"]), weights)(golden["mel"])


CASES: dict[str, Case] = dict.fromkeys(CONFIGS, generator)
