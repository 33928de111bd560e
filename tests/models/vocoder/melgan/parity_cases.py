"""Golden outputs of MelGAN's generator."""

from __future__ import annotations

from collections.abc import Iterator

from hiervox.models.vocoder.melgan.network import MelGANGenerator
from hiervox.models.vocoder.melgan.published import import_melgan
from tests.golden import Case, Golden, Output, with_weights
from tests.models.vocoder.published import golden_log_mel, mel_of

CONFIG = {"n_mel_channels": 80, "ngf": 32, "n_residual_layers": 3}


def generator(golden: Golden) -> Iterator[Output]:
    """The mel spectrogram and the waveform."""
    sections, weights = import_melgan(golden.state_dict(), CONFIG)
    yield "log_mel", golden_log_mel(golden, mel_of(sections))
    yield "audio", with_weights(MelGANGenerator(sections["model"]), weights)(golden["mel"])


CASES: dict[str, Case] = {"melgan": generator}
