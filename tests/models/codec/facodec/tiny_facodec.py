"""FACodec of a size for tests, in the authors' form and in the causal one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from hiervox.models.base.checkpoints.checkpoint import save_weights
from hiervox.models.codec.facodec.networks.facodec import FACodec, FACodecConfig
from hiervox.models.codec.facodec.networks.redecoder import Redecoder, RedecoderSizes

RATE, HOP = 16_000, 200
SHARED: dict[str, Any] = {
    "strides": [10, 20],
    "encoder_channels": 2,
    "decoder_channels": 16,
    "dimension": 8,
    "quantizer": {"n_entries": 16, "dimension": 4},
    "transformer": {"n_layers": 1, "n_heads": 2, "filter_channels": 8, "dropout": 0.0},
    "predictors": {
        "heads": ["pitch_of_prosody", "phone_of_content", "phone_of_prosody", "speaker_of_sum"],
        "n_phones": 6,
        "n_speakers": 2,
    },
}
CAUSAL: dict[str, Any] = {
    **SHARED,
    "causal": True,
    "lstm_layers": 1,
    "prosody": "mel_wavenet",
    "timbre": "mel",
    "wavenet": {"hidden_channels": 8, "n_layers": 2, "kernel_size": 3},
    "style": {"hidden_channels": 8, "dropout": 0.0},
    "predictors": {
        "heads": ["pitch_of_prosody", "phone_of_content", "speaker_of_timbre"],
        "n_phones": 6,
        "n_speakers": 2,
    },
}
FORMS: dict[str, dict[str, Any]] = {
    "authors": SHARED,
    "conversion": {**SHARED, "prosody": "mel_transformer"},
    "causal": CAUSAL,
}


def tiny_facodec(form: str = "authors", seed: int = 3) -> FACodec:
    """With random weights."""
    torch.manual_seed(seed)
    return FACodec(FACodecConfig.model_validate(FORMS[form])).eval()


def write_facodec(folder: Path, form: str = "authors") -> Path:
    """A checkpoint."""
    folder.mkdir(parents=True)
    tree = {
        "system": "facodec",
        "part": "facodec",
        "model": FORMS[form],
        "text": {"symbols": "_abcde"},
        "segment_frames": 12,
    }
    save_weights(folder, tiny_facodec(form).state_dict(), tree)
    return folder


def write_facodec_bundle(folder: Path) -> Path:
    """The codec and its second decoder."""
    write_facodec(folder / "facodec")
    own = RedecoderSizes.model_fields
    sizes = {name: value for name, value in SHARED.items() if name in own}
    torch.manual_seed(5)
    network = Redecoder(RedecoderSizes.model_validate(sizes))
    (folder / "redecoder").mkdir()
    tree = {"system": "facodec", "part": "redecoder", "model": sizes}
    save_weights(folder / "redecoder", network.state_dict(), tree)
    return folder
