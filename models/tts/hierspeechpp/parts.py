"""The trained networks of a bundle, each loaded when it is first needed."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import torch

from hiervox.models.base.checkpoints.checkpoint import (
    WEIGHTS_NAME,
    load_network,
    load_weights,
    read_experiment,
)
from hiervox.models.base.config import ExperimentConfig
from hiervox.models.base.pipelines.bundle import (
    find_part,
    load_upsampler,
    part_checkpoint,
)
from hiervox.models.base.pipelines.protocols import SuperResolution
from hiervox.models.tts.hierspeechpp.config import SynthesizerExperiment
from hiervox.models.tts.hierspeechpp.controls import RATES
from hiervox.models.tts.hierspeechpp.networks.synthesizer import HierarchicalSynthesizer
from hiervox.models.tts.hierspeechpp.networks.text_to_vec import TextToVec
from hiervox.models.tts.hierspeechpp.ttv_config import TextToVecExperiment
from hiervox.modules.normalization.weight_norm import remove_weight_norm
from hiervox.processors.audio import SAMPLE_RATE
from hiervox.processors.semantic import SemanticExtractor, build_semantic_extractor, require_same_features
from hiervox.processors.text import TextConfig, TextFrontend, build_frontend
from hiervox.utils.errors import CheckpointError, ConfigError

ExperimentT = TypeVar("ExperimentT", bound=ExperimentConfig)

STYLE_ENCODER = "style_encoder."


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
        self._frontends: dict[str | None, TextFrontend] = {}
        self._upsamplers: dict[int, SuperResolution] = {}

    @classmethod
    def load(cls, folder: Path, device: str | torch.device = "cpu") -> Networks:
        """Open a bundle; only configs are read. Voice conversion does without `text_to_vec`.

        Raises:
            CheckpointError: a part's checkpoint is missing, broken, or of another part.
            ConfigError: the parts were trained on different semantic features.
        """
        synthesizer = _experiment(folder, "synthesizer", SynthesizerExperiment)
        text_to_vec = None
        if (folder / "text_to_vec").is_dir():
            text_to_vec = _experiment(folder, "text_to_vec", TextToVecExperiment)
            require_same_features(
                synthesizer.features.semantic, text_to_vec.features.semantic, f"{folder / 'text_to_vec'}"
            )
        return cls(folder, synthesizer, text_to_vec, torch.device(device))

    @cached_property
    def synthesizer(self) -> HierarchicalSynthesizer:
        """The hierarchical synthesizer, ready for inference."""
        network, _ = load_network(part_checkpoint(self.folder, "synthesizer"), self.device)
        assert isinstance(network, HierarchicalSynthesizer)
        remove_weight_norm(network)
        return network

    @cached_property
    def text_to_vec(self) -> TextToVec:
        """The text-to-vec model, ready for inference.

        Raises:
            CheckpointError: the bundle has none.
        """
        network, _ = load_network(part_checkpoint(self.folder, "text_to_vec"), self.device)
        assert isinstance(network, TextToVec)
        remove_weight_norm(network)
        return network

    @cached_property
    def semantic_extractor(self) -> SemanticExtractor:
        """The encoder whose vectors the synthesizer was trained on.

        Raises:
            DependencyError: its weights are not there.
        """
        return build_semantic_extractor(self.synthesizer_experiment.features.semantic, self.device)

    @cached_property
    def fingerprint(self) -> str:
        """What voices are bound to: a digest of the weights and the mel settings of all style encoders."""
        digest = hashlib.sha256()
        parts: list[tuple[str, ExperimentConfig | None]] = [
            ("text_to_vec", self.text_to_vec_experiment),
            ("synthesizer", self.synthesizer_experiment),
        ]
        for part, experiment in parts:
            if experiment is None:
                continue
            digest.update(experiment.mel.model_dump_json().encode())  # type: ignore[attr-defined]
            weights = load_weights(part_checkpoint(self.folder, part) / WEIGHTS_NAME, prefix=STYLE_ENCODER)
            for name in sorted(weights):
                digest.update(f"{part}/{name}".encode())
                digest.update(weights[name].contiguous().numpy().tobytes())
        return digest.hexdigest()

    def upsampler(self, rate: int) -> SuperResolution:
        """The super-resolution network for 24000 or 48000 Hz.

        Raises:
            CheckpointError: the bundle has none.
        """
        if rate not in self._upsamplers:
            self._upsamplers[rate] = load_upsampler(self.folder, rate, self.device)
        return self._upsamplers[rate]

    def frontend(self, language: str | None = None) -> TextFrontend:
        """The text front end of one of the languages that text-to-vec declares; None for the first one.

        Raises:
            ConfigError: it does not declare this one.
        """
        if language not in self._frontends:
            text = TextConfig() if self.text_to_vec_experiment is None else self.text_to_vec_experiment.text
            self._frontends[language] = build_frontend(text, language)
        return self._frontends[language]

    def require(self, *, text: bool, rate: int, denoiser: bool = False) -> None:
        """Make sure that the bundle can do what is asked, before anything is computed.

        Args:
            text: whether it has to read text.
            rate: of the output, Hz.
            denoiser: whether it has to denoise.

        Raises:
            ConfigError: the rate is none of 16000, 24000 and 48000.
            CheckpointError: the bundle lacks a part.
        """
        if rate not in RATES:
            raise ConfigError(f"no rate {rate}", f"choose one of {', '.join(map(str, RATES))}")
        if text:
            part_checkpoint(self.folder, "text_to_vec")
        if rate != SAMPLE_RATE:
            find_part(self.folder, "sr", rate)
        if denoiser:
            find_part(self.folder, "enhancement")


def _experiment(folder: Path, part: str, schema: type[ExperimentT]) -> ExperimentT:
    checkpoint = part_checkpoint(folder, part)
    experiment = read_experiment(checkpoint)
    if not isinstance(experiment, schema):
        raise CheckpointError(
            f"{checkpoint} holds {experiment.part} of {experiment.system}",
            f"put {part} of hierspeechpp there",
        )
    return experiment
