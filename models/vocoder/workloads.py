"""Passes of vocoders that `hiervox benchmark` times: a spectrogram of random values to a waveform."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from hiervox.models.base.benchmark.workload import Published, Run, Size, Workload
from hiervox.modules.normalization.weight_norm import remove_weight_norm

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
    """A spectrogram to a waveform, weight norm folded.

    Args:
        name: how the command line calls it.
        part: of the system's card.
        published: the authors' network.
        config: what the part's importer reads beside the weights.
        mel: bins, hop and rate (Hz).
        most_seconds: of sound, for what is drawn sample by sample; no bound where None.
    """
    inputs = partial(_inputs, mel=mel, most_seconds=most_seconds)
    return Workload(
        name=name,
        part=part,
        prepare=partial(_prepare, inputs=inputs),
        published=partial(_published, network_of=published, inputs=inputs),
        published_config=config,
    )


def _inputs(size: Size, mel: tuple[int, int, int], most_seconds: float | None) -> Tensor:
    bins, hop, rate = mel
    seconds = size.seconds if most_seconds is None else min(size.seconds, most_seconds)
    generator = torch.Generator().manual_seed(size.seed)
    return torch.rand(size.batch, bins, round(seconds * rate / hop), generator=generator)


def _prepare(network: nn.Module, size: Size, inputs: Callable[[Size], Tensor]) -> Run:
    remove_weight_norm(network)
    device = next(network.parameters()).device
    mel = inputs(size).to(device)
    return lambda: network(mel)


def _published(
    folder: Path, size: Size, network_of: PublishedNetwork, inputs: Callable[[Size], Tensor]
) -> Published:
    network: Any
    network, run = network_of(folder)
    state_dict = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    if hasattr(network, "remove_weight_norm"):
        network.remove_weight_norm()
    mel = inputs(size)
    return Published(state_dict, lambda: run(mel))
