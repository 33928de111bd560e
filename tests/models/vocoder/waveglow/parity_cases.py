"""Golden outputs of WaveGlow in both directions."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from hiervox.models.vocoder.waveglow.network import WaveGlow, flow_loss
from hiervox.models.vocoder.waveglow.published import import_waveglow
from tests.golden import Case, Golden, Output, with_weights
from tests.models.vocoder.published import golden_log_mel, mel_of

CONFIG = {
    "data_config": {
        "sampling_rate": 22050,
        "filter_length": 1024,
        "hop_length": 256,
        "win_length": 1024,
        "mel_fmin": 0.0,
        "mel_fmax": 8000.0,
    },
    "waveglow_config": {
        "n_mel_channels": 80,
        "n_flows": 12,
        "n_group": 8,
        "n_early_every": 4,
        "n_early_size": 2,
        "WN_config": {"n_layers": 8, "n_channels": 256, "kernel_size": 3},
    },
}


def flow(golden: Golden) -> Iterator[Output]:
    """Mel spectrogram; noise and likelihood of the waveform; waveform of given noise."""
    sections, weights = import_waveglow(golden.state_dict(), CONFIG)
    network: WaveGlow = with_weights(WaveGlow(sections["model"]), weights)  # type: ignore[arg-type]
    yield "log_mel", golden_log_mel(golden, mel_of(sections))
    output = network.analyse(golden["wav"], golden["mel"])
    steps = output.z.shape[0] * output.z.shape[2]
    yield "z", output.z
    yield "log_s_sums", torch.stack([log_scale.sum() for log_scale in output.log_scales])
    yield "log_determinants", steps * torch.stack(output.log_determinants)
    yield "losses_sigma_0.6_and_1", torch.stack([flow_loss(output, sigma) for sigma in (0.6, 1.0)])
    yield "audio_sigma_0.6", network(golden["mel"], golden["z_given"]).squeeze(1)


CASES: dict[str, Case] = {"waveglow": flow}
