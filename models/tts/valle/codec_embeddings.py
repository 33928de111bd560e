"""Embeddings of codes that begin with what the codec's entries are, not at random.

Most of a codebook's entries are near others, which sound alike. A decoder that learns from a few hours does
not see each of them often enough to find that out. Random Fourier features (Rahimi and Recht 2007) give near
entries near embeddings, and others independent ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from hiervox.models.tts.valle.networks.autoregressive import AutoregressiveDecoder
from hiervox.models.tts.valle.networks.non_autoregressive import NonAutoregressiveDecoder

WIDTHS = (0.3, 0.6, 1.2, 2.4)
"""Of the Gaussian kernels, a quarter of the channels each, in standard deviations of the entries."""
LEAST_VARIANCE = 1e-2
"""Of a direction of the entries, beside that of the widest; what is under it tells nothing apart."""


def fourier_features(entries: Tensor, channels: int, seed: int = 0) -> Tensor:
    """Entries (n, D) → features (n, channels) whose inner products are Gaussian kernels of whitened entries.

    Args:
        entries: of a codebook.
        channels: of the features, each of which has a mean square of about 1.
        seed: of the kernels' random directions.
    """
    left, singular, _ = torch.linalg.svd(entries.double() - entries.double().mean(0), full_matrices=False)
    kept = int((singular**2 > LEAST_VARIANCE * singular[0] ** 2).sum())
    white = left[:, :kept] * len(entries) ** 0.5
    generator = torch.Generator().manual_seed(seed)
    widths = torch.tensor(WIDTHS).repeat_interleave(math.ceil(channels / len(WIDTHS)))[:channels]
    directions = torch.randn(kept, channels, generator=generator) / (widths * kept**0.5)
    phases = 2 * math.pi * torch.rand(channels, generator=generator)
    features: Tensor = (2**0.5 * (white @ directions.double() + phases).cos()).float()
    return features


@torch.no_grad()
def start_from_entries(
    network: AutoregressiveDecoder | NonAutoregressiveDecoder, entries: Sequence[Tensor]
) -> None:
    """Set embeddings and output matrices of all codes but the end.

    A table of the non-autoregressive decoder that is the output matrix of the codebook before its own, too,
    begins as that matrix.

    Args:
        network: freshly built.
        entries: (n_codes, D) of each codebook that it reads or writes.
    """
    channels = network.config.channels
    features = [fourier_features(vectors, channels) for vectors in entries]
    n_codes = network.config.n_codes
    if isinstance(network, AutoregressiveDecoder):
        network.code_embedding.weight[:n_codes] = features[0]
        network.head.weight[:n_codes] = channels**-0.5 * features[0]
        return
    for book, table in enumerate(network.code_embeddings):
        own = features[book] if book < 2 else channels**-0.5 * features[book - 1]
        table.get_parameter("weight")[:n_codes] = own
    network.last_head.weight.copy_(channels**-0.5 * features[-1])
