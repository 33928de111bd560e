"""Reading the weights that authors of vocoders published."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from hiervox.models.base.checkpoints.importing import map_tensors
from hiervox.models.base.checkpoints.published_config import SizesT
from hiervox.processors.spectrogram import SpectrogramConfig
from hiervox.utils.config import Config

Imported = tuple[dict[str, Config], dict[str, Tensor]]
"""The sections `model` and `mel` of a config, and tensors by our names."""
Rules = Sequence[tuple[str, str]]

HIFIGAN_MEL_KEYS = {
    "sample_rate": "sampling_rate",
    "n_fft": "n_fft",
    "win_length": "win_size",
    "hop_length": "hop_size",
    "n_mels": "num_mels",
    "f_min": "fmin",
    "f_max": "fmax",
}
"""Of the configs of HiFi-GAN and of those that follow it."""


def import_network(
    state_dict: dict[str, Tensor],
    model: SizesT,
    mel: SpectrogramConfig,
    build: Callable[[SizesT], nn.Module],
    rules: Rules,
    ignored: str | None = None,
) -> Imported:
    """Map published tensors onto the network of `model`.

    Raises:
        CheckpointError: they are not that network's.
    """
    with torch.device("meta"):
        network = build(model)
    sections: dict[str, Config] = {"model": model, "mel": mel}
    return sections, map_tensors(state_dict, rules, network, ignored)
