"""Golden outputs of iSTFTNet's generator."""

from __future__ import annotations

from collections.abc import Iterator

from hiervox.models.vocoder.istftnet.network import ISTFTNet
from hiervox.models.vocoder.istftnet.published import import_istftnet
from tests.golden import Case, Golden, Output, with_weights
from tests.models.vocoder.published import HIFIGAN

CONFIG = {
    **HIFIGAN,
    "upsample_rates": [8, 8],
    "upsample_kernel_sizes": [16, 16],
    "gen_istft_n_fft": 16,
    "gen_istft_hop_size": 4,
}


def generator(golden: Golden) -> Iterator[Output]:
    """Magnitude, phase and waveform."""
    sections, weights = import_istftnet(golden.state_dict(), CONFIG)
    network = with_weights(ISTFTNet(sections["model"]), weights)
    magnitude, phase = network.spectrum(golden["mel"])
    yield "magnitude", magnitude
    yield "phase", phase
    yield "audio", network(golden["mel"])


CASES: dict[str, Case] = {"istftnet": generator}
