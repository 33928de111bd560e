"""Golden outputs of NSF-HiFi-GAN: openvpi's two and Amphion's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from hiervox.models.vocoder.nsf_hifigan.published import import_nsf_hifigan
from hiervox.modules.generators.nsf_hifigan import HarmonicSource, NSFHiFiGANGenerator
from tests.golden import Case, Golden, Output, with_weights
from tests.models.vocoder.published import HIFIGAN, golden_log_mel, mel_of

CONFIG: dict[str, Any] = {
    **HIFIGAN,
    "upsample_rates": [8, 8, 2, 2, 2],
    "upsample_kernel_sizes": [16, 16, 4, 4, 4],
    "num_mels": 128,
    "n_fft": 2048,
    "hop_size": 512,
    "win_size": 2048,
    "sampling_rate": 44100,
    "fmin": 40,
    "fmax": 16000,
}
AMPHION: dict[str, Any] = {
    "preprocess": {
        "n_mel": 100,
        "sample_rate": 24000,
        "n_fft": 1024,
        "win_size": 1024,
        "hop_size": 256,
        "fmin": 0,
        "fmax": 12000,
    },
    "model": {
        "nsfhifigan": {
            "upsample_rates": [8, 4, 2, 2, 2],
            "upsample_kernel_sizes": [16, 8, 4, 4, 4],
            "upsample_initial_channel": 768,
            "resblock_kernel_sizes": [3, 7, 11],
            "resblock_dilation_sizes": [[1, 3, 5], [1, 3, 5], [1, 3, 5]],
        }
    },
}


def harmonic(golden: Golden) -> Iterator[Output]:
    """Mel spectrogram, source and waveform, with the recorded phases and noise and without any."""
    sections, weights = import_nsf_hifigan(golden.state_dict(), CONFIG)
    network = with_weights(NSFHiFiGANGenerator(sections["model"]), weights)
    yield "log_mel", golden_log_mel(golden, mel_of(sections))
    for suffix, scale in (("", 1), ("_without_noise", 0)):
        phase = scale * _overtones_alone(golden["initial_phase"])
        source = network.source(golden["f0"], phase, scale * golden["noise"])
        yield f"source{suffix}", source
        yield f"audio{suffix}", network(golden["mel"], source)


def pitch_controllable(golden: Golden) -> Iterator[Output]:
    """Mel spectrogram, source and waveform."""
    sections, weights = import_nsf_hifigan(golden.state_dict(), {**CONFIG, "mini_nsf": True})
    network = with_weights(NSFHiFiGANGenerator(sections["model"]), weights)
    mel = mel_of(sections)
    yield "log_mel", golden_log_mel(golden, mel)
    golden.unused.discard("log_mel_up_2_semitones")  # of an augmentation that is not done here
    source = network.source_signal(golden["mel"], golden["f0"])
    yield "source", source
    yield "audio", network(golden["mel"], source)


def amphion(golden: Golden) -> Iterator[Output]:
    """Mel spectrogram and waveform, which hears no source; and the source as published."""
    state_dict = golden.state_dict()
    sections, weights = import_nsf_hifigan(state_dict, AMPHION)
    network = with_weights(NSFHiFiGANGenerator(sections["model"]), weights)
    yield "log_mel", golden_log_mel(golden, mel_of(sections))
    audio = network(golden["mel"])
    yield "audio", audio
    yield "audio_without_noise", audio
    hop = network.hop_length
    source = with_weights(
        HarmonicSource(24000, hop, 8),
        {f"mix.{key}": state_dict[f"m_source.l_linear.{key}"] for key in ("weight", "bias")},
    )
    for suffix, scale in (("", 1), ("_without_noise", 0)):
        phase = _growing(scale * _overtones_alone(golden["initial_phase"]), hop, golden["f0"].shape[1])
        yield f"source{suffix}", source(golden["f0"], phase, scale * golden["noise"])


def _overtones_alone(drawn: Tensor) -> Tensor:
    """(…, sines): the published code draws a phase for the fundamental, too, and sets it to 0."""
    return torch.cat([torch.zeros_like(drawn[..., :1]), drawn[..., 1:]], dim=-1)


def _growing(phase: Tensor, hop: int, frames: int) -> Tensor:
    """The initial phase as Amphion has it, added at every sample of the first frame: (1, T, sines)."""
    steps = torch.arange(1, hop * frames + 1, device=phase.device).clamp(max=hop)
    return phase.unsqueeze(1) * steps[:, None]


CASES: dict[str, Case] = {
    "nsf_hifigan": harmonic,
    "pc_nsf_hifigan": pitch_controllable,
    "amphion_nsf_hifigan": amphion,
}
