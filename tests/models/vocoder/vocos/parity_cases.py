"""Golden outputs of Vocos for mel spectrograms."""

from __future__ import annotations

from collections.abc import Iterator

from hiervox.models.vocoder.vocos.published import import_vocos
from hiervox.modules.generators.vocos import Vocos
from tests.golden import Case, Golden, Output, with_weights
from tests.models.vocoder.published import golden_log_mel, mel_of

PADDINGS = {"vocos_mel_24k": "center", "vocos_same_padding": "same"}


def generator(golden: Golden) -> Iterator[Output]:
    """Mel spectrogram, what enters the head, and the waveform."""
    padding = PADDINGS[golden.name]
    stft = {"n_fft": 1024, "hop_length": 256}
    mel = {"sample_rate": 24000, "n_mels": 100, "padding": padding, **stft}
    sizes = {"input_channels": 100, "dim": 512, "intermediate_dim": 1536, "num_layers": 8}
    config = {
        "feature_extractor": {"init_args": mel},
        "backbone": {"init_args": sizes},
        "head": {"init_args": {"dim": 512, "padding": padding, **stft}},
    }
    sections, weights = import_vocos(golden.state_dict(), config)
    network = with_weights(Vocos(sections["model"]), weights)
    if "log_mel" in golden:
        yield "log_mel", golden_log_mel(golden, mel_of(sections))
    if "hidden" in golden:
        yield "hidden", network.backbone(golden["mel"])
    yield "audio", network(golden["mel"]).squeeze(1)


CASES: dict[str, Case] = dict.fromkeys(PADDINGS, generator)
