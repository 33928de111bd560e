"""Golden outputs of WaveRNN with both distributions, teacher-forced."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from hiervox.models.vocoder.wavernn.network import WaveRNN
from hiervox.models.vocoder.wavernn.published import import_wavernn
from hiervox.models.vocoder.wavernn.workloads import LOGISTICS
from tests.golden import Case, Golden, Output, with_weights
from tests.models.vocoder.published import golden_log_mel, mel_of

MODES = {"wavernn_mol": "MOL", "wavernn_raw": "RAW"}


def network(golden: Golden) -> Iterator[Output]:
    """Mel spectrogram, features, parameters and likelihood of each next sample; a drawn sample."""
    sections, weights = import_wavernn(golden.state_dict(), {**LOGISTICS, "voc_mode": MODES[golden.name]})
    own: WaveRNN = with_weights(WaveRNN(sections["model"]), weights)  # type: ignore[arg-type]
    mel, wav = golden["mel"], golden["wav"]
    yield "log_mel", golden_log_mel(golden, mel_of(sections))
    stretched, auxiliary = own.features(mel)
    yield "upsampled_mel", stretched[:, : golden["upsampled_mel"].shape[1]]
    yield "auxiliary", auxiliary
    first = own.context_frames * own.hop_length
    known = golden["labels"] if "labels" in golden else wav[:, first : wav.shape[1] - first + 1]
    parameters = own.teacher_forced(known[:, :-1], mel)
    yield "logits", parameters
    likelihood = own.distribution.negative_log_likelihood(parameters, known[:, 1:])
    yield "negative_log_likelihood", likelihood.view_as(golden["negative_log_likelihood"])
    yield "logits_difference", parameters - own.teacher_forced(known[:, :-1].flip(1), mel.flip(2))
    if "sample" in golden:
        draws = torch.cat([golden["uniform_mixture"], golden["uniform_logistic"].unsqueeze(-1)], dim=-1)
        drawn = own.distribution.sample(parameters.flatten(0, 1), draws.flatten(0, 1))
        yield "sample", drawn.view_as(golden["sample"])


CASES: dict[str, Case] = dict.fromkeys(MODES, network)
