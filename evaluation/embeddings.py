"""Embeddings that the Fréchet audio distance is measured in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import numpy as np

from hiervox.evaluation.metric import Vector
from hiervox.evaluation.pretrained import load_transformer
from hiervox.processors.audio import Waveform
from hiervox.processors.recognizer import Recognizer
from hiervox.utils.errors import ConfigError
from hiervox.utils.registry import resolve


class Embedding(Protocol):
    """What turns recordings into vectors. A class of that shape is named as `package.module:Class`.

    Attributes:
        sample_rate: Hz of the waveforms that it takes.
    """

    sample_rate: int

    def embed(self, wav: Waveform) -> Vector:
        """(T,) → (frames, D), at least one frame."""

    def files(self) -> Mapping[str, Path]:
        """Name → file of its weights."""


class MelEmbedding:
    """64 log mel bands, 25 ms each 10 ms: no network, so it tells noise and colour, not content."""

    sample_rate = 16000

    def __init__(self, device: str = "cpu") -> None:
        pass

    def embed(self, wav: Waveform) -> Vector:
        """(T,) → (frames, 64)."""
        import librosa

        bands = librosa.feature.melspectrogram(
            y=wav, sr=self.sample_rate, n_fft=400, hop_length=160, n_mels=64, power=1.0
        )
        found: Vector = np.log(np.maximum(bands, 1e-5)).T
        return found

    def files(self) -> Mapping[str, Path]:
        """None: it has no weights."""
        return {}


class WhisperEmbedding:
    """The encoder of Whisper tiny.en, whose weights are installed with the recogniser."""

    sample_rate = 16000
    frame_rate = 50

    def __init__(self, device: str = "cpu") -> None:
        self.recognizer = Recognizer(device=device)

    def embed(self, wav: Waveform) -> Vector:
        """(T,) → (frames, 384), of the first 30 s."""
        whisper = self.recognizer.network
        features = whisper.feature_extractor(wav)[:, :3000]
        features = np.pad(features, ((0, 0), (0, 3000 - features.shape[1])))
        encoded = np.array(whisper.encode(features)).reshape(-1, 384)
        return encoded[: max(1, min(len(encoded), wav.size * self.frame_rate // self.sample_rate))]

    def files(self) -> Mapping[str, Path]:
        """The file of the network."""
        return self.recognizer.weights()


class TransformerEmbedding:
    """The last hidden state of a network of transformers on waveforms at 16 kHz (wav2vec 2.0, WavLM, …)."""

    sample_rate = 16000

    def __init__(self, name: str, device: str = "cpu") -> None:
        self.name, self.device = name, device
        network, self.folder = load_transformer("AutoModel", name)
        self.network = network.to(device)

    def embed(self, wav: Waveform) -> Vector:
        """(T,) → (frames, D)."""
        import torch

        sound = torch.from_numpy((wav - wav.mean()) / max(float(wav.std()), 1e-7))[None]
        with torch.inference_mode():
            found: Vector = self.network(sound.to(self.device)).last_hidden_state[0].cpu().numpy()
        return found

    def files(self) -> Mapping[str, Path]:
        """The folder of the network."""
        return {self.name: self.folder}


BUILT_IN: Mapping[str, Callable[[str], Embedding]] = {"whisper": WhisperEmbedding, "mel": MelEmbedding}


def build_embedding(name: str, device: str) -> Embedding:
    """An embedding by name: `whisper`, `mel`, `transformers:NAME`, or `package.module:Class`.

    Raises:
        ConfigError: no such embedding.
        DependencyError: its weights are not there.
    """
    if name in BUILT_IN:
        return BUILT_IN[name](device)
    kind, colon, rest = name.partition(":")
    if not colon:
        raise ConfigError(
            f"no embedding {name!r}", f"use {', '.join(BUILT_IN)}, transformers:NAME or package.module:Class"
        )
    if kind == "transformers":
        return TransformerEmbedding(rest, device)
    found: Embedding = resolve(name)(device)
    return found
