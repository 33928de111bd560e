"""NaturalSpeech 2 of a size for tests, with either codec."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from hiervox.models.base.checkpoints.checkpoint import save_weights
from hiervox.models.codec.facodec.networks.facodec import FACodec
from hiervox.models.tts.naturalspeech2.networks.naturalspeech2 import NaturalSpeech2, NaturalSpeech2Config
from tests.models.codec.encodec.tiny_encodec import SIZES, tiny_encodec
from tests.models.codec.facodec.tiny_facodec import tiny_facodec, write_facodec

TRANSFORMER = {"n_layers": 1, "n_heads": 2, "filter_channels": 32, "kernel_size": 3, "dropout": 0.0}
PREDICTOR = {"n_layers": 2, "n_heads": 2, "attention_every": 2, "dropout": 0.0}
MODEL: dict[str, Any] = {
    "n_codebooks": 2,
    "n_codes": 16,
    "latent_channels": 16,
    "channels": 32,
    "text_encoder": TRANSFORMER,
    "prompt_encoder": TRANSFORMER,
    "duration": PREDICTOR,
    "pitch": PREDICTOR,
    "n_queries": 4,
    "n_query_heads": 2,
    "n_pitch_bins": 16,
    "denoiser": {"n_layers": 3, "n_heads": 2},
}


def tiny_naturalspeech2(**sizes: Any) -> NaturalSpeech2:
    """With random weights, which says about four frames a token."""
    torch.manual_seed(6)
    network = NaturalSpeech2(NaturalSpeech2Config.model_validate({**MODEL, **sizes}))
    with torch.no_grad():
        network.entries.normal_()
        network.duration.output.weight.mul_(0.1)
        network.duration.output.bias.fill_(1.6)
        network.pitch.output.weight.mul_(0.1)
        network.pitch.output.bias.fill_(5.0)
        network.denoiser.output.weight.normal_(0, 0.1)
    return network.eval()


def write_naturalspeech2(folder: Path, codec: str = "encodec", form: str = "score") -> Path:
    """A bundle of the network and its codec."""
    sizes: dict[str, Any] = {"form": form}
    if codec == "facodec":
        write_facodec(folder / "codec")
        sizes |= {"n_codebooks": 6, "latent_channels": 8}
    else:
        (folder / "codec").mkdir(parents=True)
        tree = {"system": "encodec", "part": "encodec", "model": SIZES}
        save_weights(folder / "codec", tiny_encodec().state_dict(), tree)
    network = tiny_naturalspeech2(**sizes)
    if codec == "facodec":
        network.entries.copy_(_facodec_entries(tiny_facodec()))
    (folder / "naturalspeech2").mkdir()
    tree = {"system": "naturalspeech2", "part": "naturalspeech2", "model": {**MODEL, **sizes}}
    save_weights(folder / "naturalspeech2", network.state_dict(), tree)
    return folder


@torch.no_grad()
def _facodec_entries(codec: FACodec) -> torch.Tensor:
    every = torch.arange(16)[None]
    books = [book for quantizer in codec.quantizers.values() for book in quantizer.books]
    return torch.stack([book.decode(every)[0].T for book in books])
