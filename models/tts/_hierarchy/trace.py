"""The hierarchy of latents between semantic vectors and sound, stage by stage."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hiervox.models.base.pipelines.pitch_control import drop_low_pitch
from hiervox.models.base.pipelines.speech_trace import f0_stage
from hiervox.models.base.pipelines.trace import Sound, Stage
from hiervox.models.tts._hierarchy.networks.synthesizer import HierarchicalSynthesizer, full_mask
from hiervox.modules.functional.gaussian import Noise
from hiervox.processors.audio import SAMPLE_RATE
from hiervox.processors.spectrogram import SpectrogramConfig, mel_frequencies

SERIES = "latents"
NOTE = (
    "The latents from the semantic one up through the flows to the acoustic one, each decoded as if it were "
    "the acoustic latent: what is heard is what each flow adds."
)
PROSODY_NOTE = "The lowest mel bins, which the prosody decoder reads off the highest semantic latent."
SOURCE_NOTE = "What the source network makes of the acoustic latent; F0 is read off these features."


@torch.inference_mode()
def hierarchy_stages(
    network: HierarchicalSynthesizer,
    mel: SpectrogramConfig,
    semantic: Tensor,
    log_f0: Tensor | None,
    style: Tensor,
    noise_scale: float,
    noise: Noise,
) -> Iterator[Stage]:
    """Semantic vectors, the latents with their sounds, the prosody mel, the source.

    Args:
        network: in evaluation mode.
        mel: of the prosody decoder's bins.
        semantic: (1, C, N), 50 a second.
        log_f0: (1, 1, pitch_ratio * N), log(Hz + 1); None for encoders that take none.
        style: (1, S, 1).
        noise_scale, noise: as of `HierarchicalSynthesizer.infer`.
    """
    seconds = semantic.shape[-1] * network.config.hop_length / SAMPLE_RATE
    mask, lengths = full_mask(semantic), [semantic.shape[-1]]
    yield Stage("semantic vectors", "matrix", _values(semantic), seconds)
    flows = [network.related_flow]
    if network.config.hierarchical:
        flows.insert(0, network.agnostic_flow)
    with _inputs_of(flows) as latents:
        latents.append(network.latent(semantic, log_f0, style, mask, noise_scale, noise, lengths))
    decoder = network.driven_decoder(log_f0, style, lengths)
    names = (
        ["speaker-agnostic", "speaker-related", "acoustic"] if len(flows) > 1 else ["semantic", "acoustic"]
    )
    for name, latent in zip(names, latents, strict=True):
        sound: Sound = decoder.padded(latent, style, lengths)[0, 0].float().cpu().numpy(), SAMPLE_RATE
        yield Stage(name, "matrix", _values(latent), seconds, sound=sound, series=SERIES, note=NOTE)
    if network.prosody is not None:
        bins = _values(network.prosody(latents[-2], mask, style))
        hz = np.asarray(mel_frequencies(mel))[: len(bins)]
        yield Stage("prosody", "mel", bins, seconds, hz, mel.decibels, note=PROSODY_NOTE)
    features, predicted = network.source(latents[-1], style)
    if features.shape[1]:
        yield Stage("source features", "matrix", _values(features), seconds, note=SOURCE_NOTE)
        f0 = drop_low_pitch(predicted).expm1()
        yield f0_stage(f0[0, 0].float().cpu().numpy(), "F0 of the source network")


@contextmanager
def _inputs_of(modules: list[Any]) -> Iterator[list[Tensor]]:
    """What modules are given first, in the order of their calls."""
    found: list[Tensor] = []

    def note(module: nn.Module, given: tuple[Tensor, ...]) -> None:
        found.append(given[0])

    hooks = [module.register_forward_pre_hook(note) for module in modules]
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()


def _values(x: Tensor) -> NDArray[np.float32]:
    """(1, C, N) → (C, N)."""
    values: NDArray[np.float32] = x[0].float().cpu().numpy()
    return values
