"""The trained networks of a bundle, each loaded when it is first needed."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from typing import Self, TypeVar

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.checkpoint import WEIGHTS_NAME, load_weights, read_experiment
from hiervox.models.base.checkpoints.inference import load_for_inference
from hiervox.models.base.config import ExperimentConfig
from hiervox.models.base.pipelines.bundle import part_checkpoint
from hiervox.models.base.pipelines.pitch_transfer import track_pitch
from hiervox.models.tts._hierarchy.config import SynthesizerExperiment
from hiervox.models.tts._hierarchy.networks.synthesizer import HierarchicalSynthesizer
from hiervox.models.tts.hierspeechpp.networks.text_to_vec import TextToVec
from hiervox.models.tts.hierspeechpp.ttv_config import TextToVecExperiment
from hiervox.processors.audio import Waveform
from hiervox.processors.pitch import F0Contour
from hiervox.processors.semantic import SemanticExtractor, build_semantic_extractor, require_same_features
from hiervox.processors.spectrogram import log_mel
from hiervox.utils.errors import CheckpointError

ExperimentT = TypeVar("ExperimentT", bound=ExperimentConfig)

TEXT_TO_VEC, SYNTHESIZER = "text_to_vec", "synthesizer"
"""Names of the parts, of their folders in a bundle, and of the style vectors of a voice."""


class Networks:
    """A bundle (see `hiervox.models.base.pipelines.bundle`).

    What a variant has otherwise it overrides: `styles`, `style_settings`, `source_extractor`, `source_pitch`.

    Args:
        folder: the bundle.
        synthesizer_experiment: how its synthesizer was made.
        text_to_vec_experiment: how its text-to-vec model was made; None where the bundle has none.
        device: where the networks run.

    Attributes:
        style_encoders: what a style vector comes from, by the beginnings of the names of its weights.
    """

    style_encoders: tuple[str, ...] = ("style_encoder.",)

    def __init__(
        self,
        folder: Path,
        synthesizer_experiment: SynthesizerExperiment,
        text_to_vec_experiment: TextToVecExperiment | None,
        device: torch.device,
    ) -> None:
        self.folder = folder
        self.synthesizer_experiment = synthesizer_experiment
        self.text_to_vec_experiment = text_to_vec_experiment
        self.device = device

    @classmethod
    def load(cls, folder: Path, device: str | torch.device = "cpu") -> Self:
        """Open a bundle; only configs are read. Voice conversion does without `text_to_vec`.

        Raises:
            CheckpointError: a part's checkpoint is missing, broken, or of another part.
            ConfigError: the parts were trained on different semantic features.
        """
        synthesizer = _experiment(folder, SYNTHESIZER, SynthesizerExperiment)
        text_to_vec = None
        if (folder / TEXT_TO_VEC).is_dir():
            text_to_vec = _experiment(folder, TEXT_TO_VEC, TextToVecExperiment)
            require_same_features(
                synthesizer.features.semantic, text_to_vec.features.semantic, f"{folder / TEXT_TO_VEC}"
            )
        return cls(folder, synthesizer, text_to_vec, torch.device(device))

    @cached_property
    def synthesizer(self) -> HierarchicalSynthesizer:
        """The hierarchical synthesizer, ready for inference."""
        network, _ = load_for_inference(part_checkpoint(self.folder, SYNTHESIZER), self.device)
        assert isinstance(network, HierarchicalSynthesizer)
        return network

    @cached_property
    def text_to_vec(self) -> TextToVec:
        """The text-to-vec model, ready for inference.

        Raises:
            CheckpointError: the bundle has none.
        """
        network, _ = load_for_inference(part_checkpoint(self.folder, TEXT_TO_VEC), self.device)
        assert isinstance(network, TextToVec)
        return network

    @cached_property
    def semantic_extractor(self) -> SemanticExtractor:
        """The encoder whose vectors the synthesizer was trained on.

        Raises:
            DependencyError: its weights are not there.
        """
        return build_semantic_extractor(self.synthesizer_experiment.features.semantic, self.device)

    @property
    def source_extractor(self) -> SemanticExtractor:
        """The encoder that recordings to be converted are encoded by."""
        return self.semantic_extractor

    def source_pitch(self, wav: Waveform) -> F0Contour:
        """F0 of what is converted: (T,) at 16 kHz to (T / 80,) in Hz."""
        return track_pitch(wav, self.synthesizer_experiment.features.pitch, "the source")

    def styles(self, recording: Tensor, for_text: bool) -> dict[str, Tensor]:
        """Style vectors (S, 1) of a prompt (1, T) at 16 kHz; without text-to-vec's where no text is read."""
        styles = {SYNTHESIZER: self.synthesizer.style(log_mel(recording, self.synthesizer_experiment.mel))}
        if for_text and self.text_to_vec_experiment is not None:
            mel = log_mel(recording, self.text_to_vec_experiment.mel)
            styles[TEXT_TO_VEC] = self.text_to_vec.style(mel)
        return {part: style[0].float().cpu() for part, style in styles.items()}

    @property
    def style_sizes(self) -> dict[str, int]:
        """S of the style vectors (S, 1) by part."""
        sizes = {SYNTHESIZER: self.synthesizer_experiment.model.style_channels}
        if self.text_to_vec_experiment is not None:
            sizes[TEXT_TO_VEC] = self.text_to_vec_experiment.model.style_channels
        return sizes

    @cached_property
    def fingerprint(self) -> str:
        """What voices are bound to: a digest of the weights and the mel settings of all style encoders."""
        digest = hashlib.sha256()
        parts: list[tuple[str, TextToVecExperiment | SynthesizerExperiment | None]] = [
            (TEXT_TO_VEC, self.text_to_vec_experiment),
            (SYNTHESIZER, self.synthesizer_experiment),
        ]
        for part, experiment in parts:
            if experiment is None:
                continue
            digest.update(self.style_settings(experiment))
            file = part_checkpoint(self.folder, part) / WEIGHTS_NAME
            weights = {
                name: tensor
                for prefix in self.style_encoders
                for name, tensor in load_weights(file, prefix=prefix).items()
            }
            for name in sorted(weights):
                digest.update(f"{part}/{name}".encode())
                digest.update(weights[name].reshape(-1).view(torch.uint8).numpy().tobytes())  # 8 bits too
        return digest.hexdigest()

    def style_settings(self, experiment: TextToVecExperiment | SynthesizerExperiment) -> bytes:
        """What the styles of a part depend on beside its weights."""
        return experiment.mel.model_dump_json().encode()


def _experiment(folder: Path, part: str, schema: type[ExperimentT]) -> ExperimentT:
    checkpoint = part_checkpoint(folder, part)
    experiment = read_experiment(checkpoint)
    if not isinstance(experiment, schema):
        raise CheckpointError(
            f"{checkpoint} holds {experiment.part} of {experiment.system}",
            f"put {part} of hierspeechpp there",
        )
    return experiment
