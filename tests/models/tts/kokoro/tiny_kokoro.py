"""A network of a size for tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from hiervox.models.base.checkpoints.checkpoint import save_weights
from hiervox.models.tts.kokoro.config import KokoroConfig
from hiervox.models.tts.kokoro.networks.kokoro import Kokoro
from hiervox.models.tts.kokoro.reading import LANGUAGES, table_symbols

VOCABULARY = {
    symbol: row
    for row, symbol in enumerate(" ,.!?;:ˈˌːAIOWYQTabdefhijklmnopstuvwzæðŋɑɔəɛɜɡɪɹʃʊʌʒʤʧθᵊɒɾʁʎɲβɣ", 1)
}
SIZES: dict[str, Any] = {
    "n_symbols": 80,
    "channels": 16,
    "style_channels": 4,
    "n_layers": 1,
    "longest_duration": 6,
    "bert": {"embedding_channels": 8, "channels": 8, "n_heads": 2, "n_layers": 1, "filter_channels": 8},
    "generator": {"hidden_channels": 16, "text_channels": 4, "channels": 16},
    "style_rows": 40,
}


def tiny_kokoro(sizes: dict[str, Any]) -> Kokoro:
    """With random weights and styles."""
    torch.manual_seed(3)
    network = Kokoro(KokoroConfig.model_validate(sizes))
    torch.nn.init.constant_(network.prosody.f0.projection.bias, 150.0)
    torch.nn.init.constant_(network.decoder.generator.output.bias, -5.0)
    network.styles.normal_()
    return network.eval()


def write_kokoro(folder: Path, voices: Sequence[str] = ("ada", "bob")) -> None:
    """A checkpoint folder."""
    sizes = SIZES | {"voices": list(voices)}
    folder.mkdir(parents=True, exist_ok=True)
    text = {"languages": LANGUAGES, "symbols": "".join(table_symbols(VOCABULARY, SIZES["n_symbols"]))}
    tree = {"system": "kokoro", "part": "kokoro", "model": sizes, "text": text}
    save_weights(folder, tiny_kokoro(sizes).state_dict(), tree)
