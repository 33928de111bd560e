"""A detector of sound events: which of a list of sounds is heard when. A recipe trains it on its corpus."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hiervox.evaluation.metric import Vector
from hiervox.processors.audio import Waveform
from hiervox.processors.event_times import Spans
from hiervox.processors.spectrogram import SpectrogramConfig, log_mel
from hiervox.utils.array_files import read_arrays, write_arrays
from hiervox.utils.errors import DependencyError, HierVoxError
from hiervox.utils.files import replacing_file, write_json
from hiervox.utils.json_files import read_json

WEIGHTS, NAMES = "model.safetensors", "events.json"
MEL = SpectrogramConfig(n_fft=1024, win_length=1024, hop_length=320, n_mels=64, floor=1e-4)
POOLING = 2
"""Frames of a spectrogram to a frame of the answer."""
CHANNELS = (16, 32, 64)
KERNEL_SIZE = 5
THRESHOLD = 0.5
SHORTEST_SECONDS = 0.12
"""Of an event, and of a gap within one; shorter ones are passed over."""


class SoundEventNetwork(nn.Module):
    """Convolutions over a log-mel spectrogram, then over time.

    Args:
        n_events: how many sounds it tells.
    """

    def __init__(self, n_events: int) -> None:
        super().__init__()
        blocks = [
            nn.Sequential(
                nn.Conv2d(before, width, 3, padding=1),
                nn.BatchNorm2d(width),
                nn.ReLU(),
                nn.AvgPool2d((POOLING, POOLING if number == 0 else 1)),
            )
            for number, (before, width) in enumerate(pairwise((1, *CHANNELS)))
        ]
        self.blocks = nn.Sequential(*blocks)
        width = CHANNELS[-1] * MEL.n_mels // POOLING ** len(CHANNELS)
        self.time = nn.Sequential(
            nn.Conv1d(width, CHANNELS[-1], KERNEL_SIZE, padding=KERNEL_SIZE // 2),
            nn.BatchNorm1d(CHANNELS[-1]),
            nn.ReLU(),
            nn.Conv1d(CHANNELS[-1], CHANNELS[-1], KERNEL_SIZE, padding=KERNEL_SIZE // 2),
            nn.ReLU(),
        )
        self.output = nn.Conv1d(CHANNELS[-1], n_events, 1)

    def features(self, wav: Tensor) -> Tensor:
        """(B, T) at 16 kHz → (B, 64, N), 25 frames a second."""
        mel = log_mel(wav, MEL)
        found: Tensor = self.time(self.blocks(mel[:, None]).flatten(1, 2))
        return found

    def forward(self, wav: Tensor) -> Tensor:
        """(B, T) at 16 kHz → logits (B, events, N), 25 frames a second."""
        logits: Tensor = self.output(self.features(wav))
        return logits


class SoundEventDetector:
    """A trained network: a `Classifier`, and what tells when events are heard.

    Args:
        folder: what `save_detector` wrote.
        device: where it runs.

    Attributes:
        names: of the events.
        sample_rate: Hz of the waveforms that it takes.
    """

    sample_rate = MEL.sample_rate

    def __init__(self, folder: str | Path, device: str = "cpu") -> None:
        self.folder, self.device = Path(folder), device
        try:
            self.names: list[str] = list(read_json(self.folder / NAMES))
            self.network = SoundEventNetwork(len(self.names))
            arrays, _ = read_arrays(self.folder / WEIGHTS)
            self.network.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
        except (HierVoxError, OSError, RuntimeError, TypeError, ValueError) as error:
            raise DependencyError(
                f"{folder} holds no detector of sound events ({type(error).__name__})",
                "train one: egs/tta/local/train_detector.py",
            ) from error
        self.network.to(device).eval()

    @property
    def frame_rate(self) -> float:
        """Frames of the answer a second."""
        return MEL.frame_rate / POOLING

    @torch.inference_mode()
    def classify(self, wav: Waveform) -> tuple[Vector, Vector]:
        """(T,) → mean features (64,) and the largest logit of each event (C,)."""
        features = self.network.features(torch.from_numpy(wav)[None].to(self.device))
        logits = self.network.output(features)
        return features[0].mean(1).cpu().numpy(), logits[0].amax(1).cpu().numpy()

    @torch.inference_mode()
    def detect(self, wav: Waveform) -> dict[str, Spans]:
        """The events of (T,), those that are heard, and when."""
        logits = self.network(torch.from_numpy(wav)[None].to(self.device))[0]
        heard = (logits.sigmoid() > THRESHOLD).cpu().numpy()
        least = round(SHORTEST_SECONDS * self.frame_rate)
        found = {
            name: [(begin / self.frame_rate, end / self.frame_rate) for begin, end in runs(row, least)]
            for name, row in zip(self.names, heard, strict=True)
        }
        return {name: spans for name, spans in found.items() if spans}

    def files(self) -> Mapping[str, Path]:
        """Of the weights."""
        return {"sound events": self.folder}


def runs(heard: NDArray[np.bool_], least: int) -> list[tuple[int, int]]:
    """First and last frame (beyond the end) of what is heard in (N,), without gaps and runs under `least`."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], heard, [False]]).astype(int)))
    found: list[tuple[int, int]] = []
    for begin, end in edges.reshape(-1, 2).tolist():
        if found and begin - found[-1][1] < least:
            found[-1] = (found[-1][0], end)
        else:
            found.append((begin, end))
    return [(begin, end) for begin, end in found if end - begin >= least]


def save_detector(folder: Path, network: SoundEventNetwork, names: list[str]) -> None:
    """Write what `SoundEventDetector` opens."""
    arrays = {name: tensor.cpu().numpy() for name, tensor in network.state_dict().items()}
    folder.mkdir(parents=True, exist_ok=True)
    with replacing_file(folder / WEIGHTS) as temporary:
        write_arrays(temporary, arrays, {})
    write_json(folder / NAMES, names)
