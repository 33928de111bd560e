"""Passes of vocoders that `hiervox benchmark` times: a spectrogram of random values to a waveform."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from hiervox.models.base.benchmark.workload import Published, Run, Size, Workload
from hiervox.modules.generators.vocoder import VocoderGenerator

PublishedNetwork = Callable[[Path], tuple[nn.Module, Callable[[Tensor], Tensor]]]
"""A checkout of the authors' repository → their network and its pass, from (B, M, N) to a waveform."""


def vocoder_workload(
    name: str,
    part: str,
    published: PublishedNetwork,
    config: Mapping[str, Any],
    mel: tuple[int, int, int],
    most_seconds: float | None = None,
) -> Workload:
    """A spectrogram to a waveform, the network prepared for inference.

    Args:
        name: how the command line calls it.
        part: of the system's card.
        published: the authors' network.
        config: what the part's importer reads beside the weights.
        mel: bins, hop and rate (Hz).
        most_seconds: of sound, for what draws it sample by sample, each side its own; no bound where None.
    """
    inputs = partial(_inputs, mel=mel)
    return Workload(
        name=name,
        part=part,
        prepare=partial(_prepare, inputs=inputs),
        published=partial(_published, network_of=published, inputs=inputs),
        published_config=config,
        most_seconds=most_seconds,
        compared=most_seconds is None,
    )


def _inputs(size: Size, mel: tuple[int, int, int]) -> Tensor:
    bins, hop, rate = mel
    generator = torch.Generator().manual_seed(size.seed)
    values = torch.rand(size.batch, bins, round(size.seconds * rate / hop), generator=generator)
    return values.to(size.device)


def _prepare(network: nn.Module, size: Size, inputs: Callable[[Size], Tensor]) -> Run:
    assert isinstance(network, VocoderGenerator)
    mel = inputs(size)
    return lambda: network(mel)


def _published(
    folder: Path, size: Size, network_of: PublishedNetwork, inputs: Callable[[Size], Tensor]
) -> Published:
    network: Any
    network, run = network_of(folder)
    network.to(size.device)
    state_dict = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    if hasattr(network, "remove_weight_norm"):
        network.remove_weight_norm()
    mel = inputs(size)
    return Published(state_dict, lambda: run(mel))
