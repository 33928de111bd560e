"""Golden outputs of APNet and APNet2, with their losses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from torch.nn import functional

from hiervox.models.vocoder.apnet.losses import consistency_loss, log_amplitude, phase_losses, spectrum_losses
from hiervox.models.vocoder.apnet.network import APNet
from hiervox.models.vocoder.apnet.published import import_apnet
from hiervox.processors.spectrogram import complex_spectrogram
from tests.golden import Case, Golden, Output, nearest_angle, with_weights
from tests.models.vocoder.published import HIFIGAN, golden_log_mel, mel_of, scalars

SIZES = {
    "ASP_channel": 512,
    "ASP_resblock_kernel_sizes": [3, 7, 11],
    "ASP_resblock_dilation_sizes": [[1, 3, 5], [1, 3, 5], [1, 3, 5]],
}
CONFIGS: dict[str, dict[str, Any]] = {
    "apnet": {**HIFIGAN, **SIZES, "hop_size": 80, "win_size": 320, "sampling_rate": 16000},
    "apnet2": {**HIFIGAN, **SIZES},
}


def generator(golden: Golden) -> Iterator[Output]:
    """Mel spectrogram, what the network predicts, and the losses."""
    sections, weights = import_apnet(golden.state_dict(), CONFIGS[golden.name])
    network = with_weights(APNet(sections["model"]), weights)
    mel = mel_of(sections)
    yield "log_mel", golden_log_mel(golden, mel)
    made = network.predict(golden["mel"])
    yield "log_amplitude", made.log_amplitude
    yield "phase", nearest_angle(made.phase, golden["phase"])
    yield "audio", made.wav
    real = complex_spectrogram(golden["wav"], mel)
    kind = "cosine" if golden.name == "apnet" else "anti_wrapped"
    losses = {
        "amplitude": functional.mse_loss(made.log_amplitude, log_amplitude(real)),
        **phase_losses(made.phase, real.angle(), kind),
        "consistency": consistency_loss(made.spectrum, complex_spectrogram(made.wav.squeeze(1), mel)),
        **spectrum_losses(made.spectrum, real),
    }
    yield "losses", scalars(*losses.values())


CASES: dict[str, Case] = dict.fromkeys(CONFIGS, generator)
