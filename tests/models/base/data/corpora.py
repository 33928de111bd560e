"""Small corpora of made-up voices."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import soundfile
import torch
from lhotse.cut.data import DataCut
from numpy.typing import NDArray
from torch import Tensor

from hiervox.models.base.data.clip import utterance_frames
from hiervox.models.base.data.corpus import iterate_corpus
from hiervox.models.base.data.manifest import CUTS_NAME, write_cuts
from hiervox.models.base.data.setup import FeaturesConfig, FeatureSetup
from hiervox.processors.pitch import PitchConfig
from hiervox.processors.semantic import SemanticConfig

RATE = 16_000
CHANNELS = 3


def voice(seconds: float, rate: int = RATE, f0: float = 120.0) -> NDArray[np.float64]:
    """Harmonics of a falling F0 under a decaying spectrum, with a little noise: a tracker hears a voice."""
    time = np.arange(round(seconds * rate)) / rate
    phase = 2 * np.pi * np.cumsum(f0 * (1.1 - 0.2 * time / max(seconds, 1e-3))) / rate
    harmonics = sum(np.sin(number * phase) / number for number in range(1, 12))
    noise = np.random.default_rng(round(f0 * 100)).normal(size=time.size)
    return 0.2 * harmonics * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * time)) + 0.001 * noise


def make_table(folder: Path, seconds: list[float], texts: bool = True, rate: int = RATE) -> Path:
    """A JSONL table of one voice a row."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for number, length in enumerate(seconds):
        name = f"u{number:02d}.wav"
        soundfile.write(folder / name, voice(length, rate, 100 + 7 * number), rate)
        row = {"audio": name, "speaker": f"s{number % 3}", "language": "en-us"}
        rows.append(row | ({"text": f"this is number {number}"} if texts else {}))
    table = folder / "table.jsonl"
    table.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return table


def make_manifest(folder: Path, seconds: list[float], texts: bool = True, rate: int = RATE) -> Path:
    """The cut manifest of `make_table`."""
    write_cuts(iterate_corpus(make_table(folder, seconds, texts, rate)), folder / CUTS_NAME)
    return folder / CUTS_NAME


def features(perturbed_copies: int = 2) -> FeaturesConfig:
    """Quick ones."""
    return FeaturesConfig(
        semantic=SemanticConfig(family="whisper", name="none"),
        pitch=PitchConfig(method="dio"),
        perturbed_copies=perturbed_copies,
    )


FIELDS = frozenset({"wav", "f0", "semantic", "semantic_perturbed", "tokens"})


def plan(perturbed_copies: int = 2, fields: frozenset[str] = FIELDS) -> tuple[frozenset[str], FeatureSetup]:
    """What to extract, padded as the published models were trained."""
    wanted = fields if perturbed_copies else fields - {"semantic_perturbed"}
    return wanted, FeatureSetup(features=features(perturbed_copies), pad_multiple=1280)


def cut_frames(cut: DataCut) -> int:
    """Frames of a cut by `plan`."""
    return utterance_frames(cut, plan()[1])


class FrameEnergies:
    """A semantic encoder whose vectors are frame number, mean magnitude and first sample of each 20 ms."""

    channels = CHANNELS

    def extract(self, wav: Tensor) -> Tensor:
        """(B, T) → (B, 3, T / 320)."""
        frames = wav.unfold(1, 320, 320)
        numbers = torch.arange(frames.shape[1]).expand(frames.shape[:2])
        return torch.stack([numbers, frames.abs().mean(-1), frames[..., 0]], dim=1)
