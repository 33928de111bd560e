"""The trained networks of a bundle, each loaded when it is first needed."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.checkpoint import WEIGHTS_NAME, load_weights, read_experiment
from hiervox.models.base.checkpoints.inference import load_for_inference
from hiervox.models.base.config import ExperimentConfig
from hiervox.models.base.pipelines.bundle import part_checkpoint
from hiervox.models.tts.hierspeechpp.config import SynthesizerExperiment
from hiervox.models.tts.hierspeechpp.networks.synthesizer import HierarchicalSynthesizer
from hiervox.models.tts.hierspeechpp.networks.text_to_vec import TextToVec
from hiervox.models.tts.hierspeechpp.prompts import prompt_style
from hiervox.models.tts.hierspeechpp.ttv_config import TextToVecExperiment
from hiervox.processors.audio import HOP_LENGTH, SAMPLE_RATE
from hiervox.processors.pitch import pitch_level, quick_pitch
from hiervox.processors.semantic import SemanticExtractor, build_semantic_extractor, require_same_features
from hiervox.processors.spectrogram import log_mel
from hiervox.utils.errors import CheckpointError, ConfigError

ExperimentT = TypeVar("ExperimentT", bound=ExperimentConfig)

TEXT_TO_VEC, SYNTHESIZER = "text_to_vec", "synthesizer"
"""Names of the parts, of their folders in a bundle, and of the style vectors of a voice."""
STYLE_ENCODERS = ("style_encoder.", "voice_encoder.")
"""What a style vector comes from, by the names of its weights."""
SILENCE_NAME, SILENCE = "silence.safetensors", "semantic"
"""A file beside the synthesizer's weights and its tensor (C, N): what `silent_vectors` gives."""
MEAN_STYLE_NAME, MEAN_STYLE = "mean_style.safetensors", "style"
"""Likewise (S,): the mean of many voices' style vectors."""
SILENT_FRAMES = 100
MOST_FLOORS = 64
"""Voices whose noise floors are kept."""


class Networks:
    """A bundle (see `hiervox.models.base.pipelines.bundle`).

    Args:
        folder: the bundle.
        synthesizer_experiment: how its synthesizer was made.
        text_to_vec_experiment: how its text-to-vec model was made; None where the bundle has none.
        device: where the networks run.
    """

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
        self._floors: dict[bytes, Tensor] = {}

    @classmethod
    def load(cls, folder: Path, device: str | torch.device = "cpu") -> Networks:
        """Open a bundle; only configs are read. Voice conversion does without `text_to_vec`.

        Raises:
            CheckpointError: a part's checkpoint is missing, broken, or of another part.
            ConfigError: the parts were trained on different semantic features, or only text-to-vec with
                speaker embeddings.
        """
        synthesizer = _experiment(folder, SYNTHESIZER, SynthesizerExperiment)
        text_to_vec = None
        if (folder / TEXT_TO_VEC).is_dir():
            text_to_vec = _experiment(folder, TEXT_TO_VEC, TextToVecExperiment)
            require_same_features(
                synthesizer.features.semantic, text_to_vec.features.semantic, f"{folder / TEXT_TO_VEC}"
            )
            if text_to_vec.model.embedding is not None and synthesizer.model.speaker_encoder is None:
                raise ConfigError(
                    f"{folder / TEXT_TO_VEC} takes speaker embeddings, and the synthesizer has no encoder",
                    "put the synthesizer there that it was trained for",
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

    @cached_property
    def source_extractor(self) -> SemanticExtractor:
        """The encoder that recordings to be converted are encoded by.

        Raises:
            DependencyError: its weights are not there.
            ConfigError: its vectors are not what the synthesizer takes.
        """
        experiment = self.synthesizer_experiment
        if experiment.source_semantic is None:
            return self.semantic_extractor
        extractor = build_semantic_extractor(experiment.source_semantic, self.device)
        expected = experiment.model.semantic_channels
        if extractor.channels != expected:
            raise ConfigError(
                f"the synthesizer takes {expected} channels of semantic vectors, not {extractor.channels}",
                "set another source_semantic, or none",
            )
        return extractor

    @cached_property
    def silence(self) -> Tensor:
        """Semantic vectors of digital silence (1, C, N), of the bundle or, where it has none, extracted.

        Raises:
            DependencyError: the encoder's weights are not there.
            CheckpointError: a broken file.
        """
        file = part_checkpoint(self.folder, SYNTHESIZER) / SILENCE_NAME
        if file.is_file():
            return _only_tensor(file, SILENCE)[None].to(self.device)
        return silent_vectors(self.semantic_extractor)

    @cached_property
    def mean_style(self) -> Tensor | None:
        """Style vector (1, S, 1) of the mean voice, of the bundle; None without `model.style_truncation`.

        Raises:
            CheckpointError: as `read_mean_style`.
        """
        style = read_mean_style(part_checkpoint(self.folder, SYNTHESIZER), self.synthesizer_experiment)
        return None if style is None else style.to(self.device)

    @torch.inference_mode()
    def noise_floor(self, style: Tensor) -> Tensor | None:
        """`HierarchicalSynthesizer.noise_floor` of styles (B, S, 1), once for each; None without one."""
        if not self.synthesizer_experiment.model.noise_floor:
            return None
        floors = []
        for row in style:
            key = row.float().cpu().numpy().tobytes()
            if key not in self._floors:
                if len(self._floors) == MOST_FLOORS:
                    self._floors.clear()
                floor = self.synthesizer.noise_floor(row[None], self.silence)
                assert floor is not None
                self._floors[key] = floor
            floors.append(self._floors[key])
        return torch.cat(floors)

    def styles(self, recording: Tensor, for_text: bool) -> dict[str, Tensor]:
        """Style vectors (S, 1) of a prompt (1, T) at 16 kHz; without text-to-vec's where no text is read."""
        styles = {}
        speaker = self.synthesizer.speaker(recording)
        if for_text and self.text_to_vec_experiment is not None:
            mel = log_mel(recording, self.text_to_vec_experiment.mel)
            pitch = self._pitch(recording) if self.text_to_vec_experiment.model.contour else None
            style = self.text_to_vec.style(mel, speaker=speaker, pitch=pitch)
            styles[TEXT_TO_VEC] = style[0].float().cpu()
        style = prompt_style(
            self.synthesizer, recording, speaker, self.synthesizer_experiment, self.mean_style
        )
        styles[SYNTHESIZER] = style[0].float().cpu()
        return styles

    def _pitch(self, recording: Tensor) -> Tensor:
        """`pitch_level` of a prompt (1, T): (1, 2)."""
        f0 = quick_pitch(recording[0].cpu().numpy(), SAMPLE_RATE)
        return torch.tensor([pitch_level(f0)], device=self.device)

    @cached_property
    def fingerprint(self) -> str:
        """What voices are bound to: a digest of the weights and the mel settings of all style encoders."""
        digest = hashlib.sha256()
        parts: list[tuple[str, ExperimentConfig | None]] = [
            (TEXT_TO_VEC, self.text_to_vec_experiment),
            (SYNTHESIZER, self.synthesizer_experiment),
        ]
        for part, experiment in parts:
            if experiment is None:
                continue
            digest.update(experiment.mel.model_dump_json().encode())  # type: ignore[attr-defined]
            if isinstance(experiment, TextToVecExperiment) and experiment.model.contour is not None:
                digest.update(b"contour")  # its styles are longer
            if isinstance(experiment, SynthesizerExperiment) and experiment.model.clean_prompts:
                digest.update(b"clean prompts")
            if part == SYNTHESIZER and self.mean_style is not None:
                digest.update(f"truncation {self.synthesizer_experiment.model.style_truncation}".encode())
                digest.update(self.mean_style.cpu().numpy().tobytes())
            file = part_checkpoint(self.folder, part) / WEIGHTS_NAME
            weights = {
                name: tensor
                for prefix in STYLE_ENCODERS
                for name, tensor in load_weights(file, prefix=prefix).items()
            }
            for name in sorted(weights):
                digest.update(f"{part}/{name}".encode())
                digest.update(weights[name].reshape(-1).view(torch.uint8).numpy().tobytes())  # 8 bits too
        return digest.hexdigest()


def silent_vectors(extractor: SemanticExtractor) -> Tensor:
    """Semantic vectors (1, C, `SILENT_FRAMES`) of digital silence."""
    return extractor.extract(torch.zeros(1, SILENT_FRAMES * HOP_LENGTH))


def read_mean_style(checkpoint: Path, experiment: SynthesizerExperiment) -> Tensor | None:
    """The mean style vector (1, S, 1) beside a synthesizer's weights; None without `model.style_truncation`.

    Raises:
        CheckpointError: it is not there, or not of this synthesizer.
    """
    if experiment.model.style_truncation == 1:
        return None
    file = checkpoint / MEAN_STYLE_NAME
    if not file.is_file():
        raise CheckpointError(
            f"no {file}, towards which model.style_truncation draws styles",
            "make it with local/mean_style.py of egs/tts/hierspeechpp/box, or set style_truncation to 1",
        )
    style = _only_tensor(file, MEAN_STYLE)
    channels = experiment.model.style_channels
    if style.shape != (channels,):
        raise CheckpointError(f"{file} has {list(style.shape)} values, not [{channels}]", "make it again")
    return style[None, :, None]


def _only_tensor(file: Path, name: str) -> Tensor:
    tensors = load_weights(file)
    if name not in tensors:
        raise CheckpointError(f"{file} has no tensor {name}", "remove it, or make it again")
    return tensors[name].float()


def _experiment(folder: Path, part: str, schema: type[ExperimentT]) -> ExperimentT:
    checkpoint = part_checkpoint(folder, part)
    experiment = read_experiment(checkpoint)
    if not isinstance(experiment, schema):
        raise CheckpointError(
            f"{checkpoint} holds {experiment.part} of {experiment.system}",
            f"put {part} of hierspeechpp there",
        )
    return experiment
