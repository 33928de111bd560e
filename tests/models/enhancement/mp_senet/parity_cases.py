"""Golden outputs of MP-SENet."""

from __future__ import annotations

from collections.abc import Iterator

from hiervox.models.base.checkpoints.inference import prepared
from hiervox.models.enhancement.mp_senet.networks.mp_senet import MPSENet
from hiervox.models.enhancement.mp_senet.published import import_mp_senet
from hiervox.models.enhancement.mp_senet.spectrum import compressed_spectrum
from tests.golden import Case, Golden, Output, nearest_angle, with_weights

# What the authors' own config file sets; the golden file was made with it.
CONFIG = {
    "sampling_rate": 16_000,
    "n_fft": 400,
    "win_size": 400,
    "hop_size": 100,
    "compress_factor": 0.3,
    "dense_channel": 64,
    "num_tsconformers": 4,
    "beta": 2.0,
}


def mp_senet(golden: Golden) -> Iterator[Output]:
    """The spectrum of the noisy waveform, and what the network makes of the golden one."""
    config, weights = import_mp_senet(golden.state_dict(), CONFIG)
    network: MPSENet = with_weights(MPSENet(config), weights)
    noisy = golden["noisy_amplitude"]
    if "wav16k" in golden:
        wav = golden["wav16k"].view(1, -1)
        amplitude, _ = compressed_spectrum(wav / wav.square().mean().sqrt(), config)
        # Not compressed: that blows the rounding of nearly empty bins up, beyond what another FFT agrees in.
        power = 1 / config.compression
        yield "noisy_amplitude, not compressed", amplitude.pow(power), noisy.pow(power)
    amplitude, phase = network(noisy, golden["noisy_phase"])
    yield "amplitude", amplitude
    yield "phase", nearest_angle(phase, golden["phase"])
    prepared(network, "mp_senet")
    amplitude, phase = network(noisy, golden["noisy_phase"])
    yield "amplitude, prepared for the CPU", amplitude, golden["amplitude"]
    yield "phase, prepared for the CPU", nearest_angle(phase, golden["phase"]), golden["phase"]


CASES: dict[str, Case] = {"mp_senet": mp_senet}
