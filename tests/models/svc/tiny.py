"""Singing voice conversion of a size for tests: networks, a batch, content vectors that need no weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from hiervox.models.base.checkpoints.checkpoint import save_weights
from hiervox.models.base.data.batch import Batch
from hiervox.processors.semantic import SemanticConfig
from hiervox.processors.spectrogram import SpectrogramConfig, linear_spectrogram, log_mel

RATE, HOP = 24_000, 256
MEL = {"preset": "bigvgan_24k", "n_mels": 20, "f_max": 6000.0}
SINGERS = ("ada", "ben")
BANDS = (12, 8)
FEATURES: dict[str, Any] = {
    "content": [{"name": "tiny"}, {"name": "smaller"}],
    "pitch": {"method": "dio"},
}
SIZES: dict[str, Any] = {
    "voice": "table",
    "speakers": SINGERS,
    "style_channels": 16,
    "mel_channels": 20,
    "condition": {"content_channels": BANDS, "hidden_channels": 16},
}
WAVENET = {"channels": 48, "n_layers": 4, "dilation_cycle": 2, "step_features": 8, "step_channels": 16}
TRANSFORMER = {"filter_channels": 24, "n_layers": 2, "dropout": 0.0}


class Energies:
    """Content vectors: energies of bands, 50 frames a second."""

    def __init__(self, channels: int) -> None:
        self.channels = channels

    def extract(self, wav: Tensor) -> Tensor:
        """(B, T) at 16 kHz → (B, channels, T / 320)."""
        return log_mel(wav, SpectrogramConfig(n_mels=self.channels))


def tiny_content(config: SemanticConfig, device: Any) -> Energies:
    """Takes the place of `build_semantic_extractor`."""
    return Energies(BANDS[config.name == "smaller"])


def mel_config() -> SpectrogramConfig:
    """Of the tiny networks."""
    from hiervox.processors.mel_presets import mel_preset

    return mel_preset("bigvgan_24k").model_copy(update={"n_mels": 20, "f_max": 6000.0})


def experiment_tree(system: str, model: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An experiment of a system with one part."""
    tree = {"system": system, "part": system, "out_dir": "unused", "data": {"cuts": "unused"}}
    return {**tree, "model": {**SIZES, **model}, "mel": MEL, "features": FEATURES, **more}


def write_checkpoint(
    folder: Path, system: str, network: nn.Module, model: dict[str, Any], part: str | None = None
) -> Path:
    """A checkpoint with the network's weights."""
    tree = {"system": system, "part": part or system, "mel": MEL, "features": FEATURES}
    tree["model"] = {**SIZES, **model}
    folder.mkdir(parents=True, exist_ok=True)
    save_weights(folder, network.state_dict(), tree)
    return folder


def tone(frames: int, f0: Tensor) -> Tensor:
    """A buzz (B, T) of F0 (B, frames) in Hz, of seven harmonics."""
    phase = torch.cumsum(f0.repeat_interleave(HOP, 1) / RATE, 1)
    harmonics = sum(torch.sin(2 * torch.pi * number * phase) / number for number in range(1, 8))
    return 0.1 * torch.as_tensor(harmonics) * (f0 > 0).repeat_interleave(HOP, 1)


def batch(frames: int = 40) -> Batch:
    """Two glides, the second shorter, of two singers."""
    time = torch.linspace(0, 1, frames)
    f0 = torch.stack([220 + 110 * time, 440 - 150 * time])
    f0[:, :3] = 0
    lengths = torch.tensor([frames, frames - 8])
    f0[1, lengths[1] :] = 0
    wav = tone(frames, f0)
    rows = round(frames * HOP / RATE * 50)
    at_16k = torch.nn.functional.interpolate(wav[:, None], size=rows * 320, mode="linear")[:, 0]
    content = torch.cat([Energies(width).extract(at_16k) for width in BANDS], dim=1)
    return {
        "ids": ["long", "short"],
        "mel": log_mel(wav, mel_config()),
        "wav": wav,
        "linear": linear_spectrogram(wav, mel_config()),
        "content": content,
        "f0": f0,
        "speaker": torch.tensor([0, 1]),
        "frames": lengths,
    }


def name_pitch(network: nn.Module) -> None:
    """Singers of the table at 200 and 400 Hz."""
    known = torch.tensor([200.0, 400.0]).log()[: len(network.singer_log_f0)]  # type: ignore[arg-type]
    network.singer_log_f0.copy_(known)  # type: ignore[operator, union-attr]
