"""Golden outputs of UnivNet's generators."""

from __future__ import annotations

from collections.abc import Iterator

from hiervox.models.vocoder.univnet.networks.univnet import UnivNetGenerator
from hiervox.models.vocoder.univnet.published import import_univnet
from tests.golden import Case, Golden, Output, with_weights
from tests.models.vocoder.published import golden_log_mel, mel_of

CHANNELS = {"univnet_c16": 16, "univnet_c32": 32}
AUDIO = {
    "n_mel_channels": 100,
    "filter_length": 1024,
    "hop_length": 256,
    "win_length": 1024,
    "sampling_rate": 24000,
    "mel_fmin": 0.0,
    "mel_fmax": 12000.0,
}


def generator(golden: Golden) -> Iterator[Output]:
    """The mel spectrogram and the waveform."""
    gen = {
        "noise_dim": 64,
        "channel_size": CHANNELS[golden.name],
        "dilations": [1, 3, 9, 27],
        "strides": [8, 8, 4],
        "lReLU_slope": 0.2,
    }
    sections, weights = import_univnet(golden.state_dict(), {"audio": AUDIO, "gen": gen})
    yield "log_mel", golden_log_mel(golden, mel_of(sections))
    network = with_weights(UnivNetGenerator(sections["model"]), weights)
    yield "audio", network(golden["mel"], golden["noise"])


CASES: dict[str, Case] = dict.fromkeys(CHANNELS, generator)
