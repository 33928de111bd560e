"""Golden outputs of FastSpeech 2: teacher-forced and free, of phonemes and of frames."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from hiervox.models.tts._variance.variance_adaptor import VarianceControls, VarianceTargets
from hiervox.models.tts.fastspeech2.config import FastSpeech2Config
from hiervox.models.tts.fastspeech2.losses import fastspeech2_losses
from hiervox.models.tts.fastspeech2.network import FastSpeech2, FastSpeech2Output
from hiervox.models.tts.fastspeech2.published import import_fastspeech2
from hiervox.modules.functional.masking import sequence_mask
from tests.golden import Case, Golden, Output, with_weights

# What config/LJSpeech and config/LJSpeech_paper set; the statistics leave values as they are.
PHONEMES: dict[str, Any] = {}
FRAMES: dict[str, Any] = {
    "variance_embedding": {"pitch_quantization": "log"},
    "preprocessing": {
        "pitch": {"feature": "frame_level", "normalization": False},
        "energy": {"feature": "frame_level", "normalization": False},
    },
}
ORDER = ("mel", "post_net_mel", "pitch", "energy", "duration")
"""Of the published losses, behind their sum."""


def _network(golden: Golden, published: dict[str, Any]) -> FastSpeech2:
    sections, weights = import_fastspeech2(golden.state_dict(), published)
    config = sections["model"]
    assert isinstance(config, FastSpeech2Config)
    # the golden batch was made with padding that convolutions see
    as_published = config.model_copy(update={"mask_padding": False})
    network: FastSpeech2 = with_weights(FastSpeech2(as_published), weights)
    return network


def _teacher_forced(golden: Golden, network: FastSpeech2) -> FastSpeech2Output:
    targets = VarianceTargets(
        golden["target_durations"], golden["target_pitch"][:, None], golden["target_energy"][:, None]
    )
    style = network.table_style(golden["speakers"]) if golden.names("speakers") else None
    frames = golden["target_mel"].shape[1]
    output: FastSpeech2Output = network(golden["tokens"], golden["token_lengths"], targets, style, frames)
    return output


def _predictions(output: FastSpeech2Output) -> Iterator[Output]:
    yield "pitch", output.variances.pitch[:, 0]
    yield "energy", output.variances.energy[:, 0]
    yield "log_duration", output.variances.log_durations[:, 0]
    yield "mel", output.mel.mT
    yield "mel_postnet", output.post_net_mel.mT


def _losses(golden: Golden, output: FastSpeech2Output) -> Tensor:
    token_mask = sequence_mask(golden["token_lengths"], golden["tokens"].shape[1])
    terms = fastspeech2_losses(output, golden["target_mel"].mT, token_mask)
    return torch.stack([terms[name] for name in ORDER])


def _published_durations(control: Tensor) -> VarianceControls:
    """Rounded before they are scaled, and cut to whole frames after."""

    def frames(log_durations: Tensor) -> Tensor:
        return ((torch.round(log_durations.exp() - 1)) * control).clamp_min(0).long()

    return VarianceControls(durations=frames)


@torch.no_grad()
def phoneme_level(golden: Golden) -> Iterator[Output]:
    """config/LJSpeech."""
    network = _network(golden, PHONEMES)
    token_mask = sequence_mask(golden["token_lengths"], golden["tokens"].shape[1])
    yield "encoder_out", network.encode(golden["tokens"], token_mask).mT
    output = _teacher_forced(golden, network)
    yield "adaptor_out", output.variances.hidden.mT
    yield from _predictions(output)
    losses = _losses(golden, output)
    yield "losses", torch.cat([losses.sum()[None], losses])
    pitch_control, _, duration_control = golden["controls"]  # the energy's does nothing as published
    scale = _published_durations(duration_control)
    controls = VarianceControls(
        scale.durations,
        pitch=lambda values, durations: values * pitch_control,
        energy=lambda values, durations: values * pitch_control,
    )
    free = network.infer(golden["tokens"], golden["token_lengths"], controls=controls)
    yield "free_durations", free.variances.durations
    yield "free_pitch", free.variances.pitch[:, 0]
    yield "free_energy", free.variances.energy[:, 0]
    yield "free_mel", free.mel.mT
    yield "free_mel_postnet", free.post_net_mel.mT
    yield "free_mel_lengths", free.variances.frame_lengths


@torch.no_grad()
def frame_level(golden: Golden) -> Iterator[Output]:
    """config/LJSpeech_paper, several speakers, values that are not normalised."""
    output = _teacher_forced(golden, _network(golden, FRAMES))
    yield from _predictions(output)
    scale = torch.tensor([1.0, 1.0, 1e-4, 1e-3, 1.0], device=golden["tokens"].device)
    yield "losses_scaled", _losses(golden, output) * scale


CASES: dict[str, Case] = {"fastspeech2": phoneme_level, "fastspeech2_frame_level": frame_level}
