"""Classifiers of sounds that FD, IS and KL are measured with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from hiervox.evaluation.metric import Vector
from hiervox.evaluation.panns import SAMPLE_RATE as PANNS_RATE
from hiervox.evaluation.panns import load_cnn14
from hiervox.evaluation.pretrained import load_transformer, pretrained_folder
from hiervox.processors.audio import Waveform
from hiervox.utils.errors import ConfigError, DependencyError
from hiervox.utils.registry import resolve


class Classifier(Protocol):
    """What names the sounds in a recording. A class of that shape is named as `package.module:Class`.

    Attributes:
        sample_rate: Hz of the waveforms that it takes.
    """

    sample_rate: int

    def classify(self, wav: Waveform) -> tuple[Vector, Vector]:
        """(T,) → features (D,) and logits (C,)."""

    def files(self) -> Mapping[str, Path]:
        """Name → file of its weights."""


class PannsClassifier:
    """Cnn14 of PANNs (527 classes of AudioSet), from the published weights file."""

    sample_rate = PANNS_RATE

    def __init__(self, weights: str, device: str = "cpu") -> None:
        self.weights, self.device = Path(weights), device
        self.network = load_cnn14(self.weights).to(device)

    def classify(self, wav: Waveform) -> tuple[Vector, Vector]:
        """(T,) at 32 kHz → (2048,) and (527,)."""
        import torch

        with torch.inference_mode():
            features, logits = self.network(torch.from_numpy(wav)[None].to(self.device))
        return features[0].cpu().numpy(), logits[0].cpu().numpy()

    def files(self) -> Mapping[str, Path]:
        """The weights file."""
        return {"PANNs Cnn14": self.weights}


class TransformerClassifier:
    """A network for audio classification of transformers, such as the Audio Spectrogram Transformer."""

    def __init__(self, name: str, device: str = "cpu") -> None:
        from transformers import AutoFeatureExtractor

        self.name, self.device = name, device
        network, self.folder = load_transformer("AutoModelForAudioClassification", name)
        self.network = network.to(device)
        try:
            self.extractor = AutoFeatureExtractor.from_pretrained(str(pretrained_folder(name)))
        except (OSError, ValueError) as error:
            raise DependencyError(
                f"{name} has no feature extractor ({error})", "name another model"
            ) from error
        self.sample_rate: int = self.extractor.sampling_rate

    def classify(self, wav: Waveform) -> tuple[Vector, Vector]:
        """(T,) → the mean of the last hidden state (D,) and the logits (C,)."""
        import torch

        inputs = self.extractor(wav, sampling_rate=self.sample_rate, return_tensors="pt").to(self.device)
        with torch.inference_mode():
            found = self.network(**inputs, output_hidden_states=True)
        return found.hidden_states[-1][0].mean(dim=0).cpu().numpy(), found.logits[0].cpu().numpy()

    def files(self) -> Mapping[str, Path]:
        """The folder of the network."""
        return {self.name: self.folder}


def build_classifier(name: str, device: str) -> Classifier:
    """A classifier: `panns:FILE`, `transformers:NAME`, `events:FOLDER`, or `package.module:Class`.

    Raises:
        ConfigError: no such classifier.
        DependencyError: its weights are not there, or no classifier is named.
    """
    kind, colon, rest = name.partition(":")
    if not name:
        raise DependencyError(
            "no classifier is named and none is installed", "--set classes.model=panns:Cnn14_mAP=0.431.pth"
        )
    if not colon:
        raise ConfigError(
            f"no classifier {name!r}",
            "use panns:FILE, transformers:NAME, events:FOLDER or package.module:Class",
        )
    if kind == "panns":
        return PannsClassifier(rest, device)
    if kind == "transformers":
        return TransformerClassifier(rest, device)
    if kind == "events":
        from hiervox.evaluation.sound_events import SoundEventDetector

        return SoundEventDetector(rest, device)
    found: Classifier = resolve(name)(device)
    return found
