"""Golden outputs of WaveNet with its three distributions, teacher-forced."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from hiervox.models.vocoder.wavenet.network import WaveNetVocoder
from hiervox.models.vocoder.wavenet.published import import_wavenet
from hiervox.modules.autoregressive.distributions import MixtureOfLogistics
from tests.golden import Case, Golden, Output, with_weights

CONFIG: dict[str, Any] = {
    "cin_channels": 80,
    "cin_pad": 2,
    "layers": 24,
    "stacks": 4,
    "residual_channels": 128,
    "gate_channels": 256,
    "skip_out_channels": 128,
    "kernel_size": 3,
    "upsample_params": {"upsample_scales": [4, 4, 4, 4]},
    "log_scale_min": -32.23619130191664,
    "input_type": "raw",
    "output_distribution": "Logistic",
    "out_channels": 30,
}
CONFIGS: dict[str, dict[str, Any]] = {
    "wavenet_mol": CONFIG,
    "wavenet_gaussian": {**CONFIG, "output_distribution": "Normal", "out_channels": 2},
    "wavenet_mulaw256": {
        **CONFIG,
        "layers": 30,
        "stacks": 3,
        "input_type": "mulaw-quantize",
        "out_channels": 256,
    },
}


def network(golden: Golden) -> Iterator[Output]:
    """The stretched mel spectrogram, parameters and likelihood of each next sample."""
    sections, weights = import_wavenet(golden.state_dict(), CONFIGS[golden.name])
    own: WaveNetVocoder = with_weights(WaveNetVocoder(sections["model"]), weights)  # type: ignore[arg-type]
    mel = golden["mel"]
    known = golden["labels"] if "labels" in golden else golden["wav"]
    if "labels" in golden:  # the published code rounds towards 0, ours to the nearest class
        classes = own.distribution.encode(golden["wav"].view(known.shape))
        yield "labels within a class", (classes - known).abs() <= 1, torch.ones_like(known, dtype=torch.bool)
    yield "upsampled_mel", own.upsample(mel)[..., : golden["upsampled_mel"].shape[-1]]
    parameters = own.teacher_forced(known, mel)
    yield "logits", parameters.mT
    widened = _widened(own, parameters[:, :-1])
    likelihood = own.distribution.negative_log_likelihood(widened, known[:, 1:])
    yield "negative_log_likelihood", likelihood.view_as(golden["negative_log_likelihood"])


def _widened(own: WaveNetVocoder, parameters: Tensor) -> Tensor:
    """Mixtures with log scales raised by 1, as the golden file was made."""
    if not isinstance(own.distribution, MixtureOfLogistics):
        return parameters
    logits, means, log_scales = parameters.chunk(3, dim=-1)
    return torch.cat([logits, means, log_scales + 1], dim=-1)


CASES: dict[str, Case] = dict.fromkeys(CONFIGS, network)
