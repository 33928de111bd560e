"""The trained networks of a bundle, with what the options of Lite do in inference."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Self

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.checkpoint import load_weights
from hiervox.models.base.pipelines.bundle import part_checkpoint
from hiervox.models.tts._hierarchy.config import SynthesizerExperiment
from hiervox.models.tts.hierspeechpp.lite.config import LiteSynthesizerExperiment
from hiervox.models.tts.hierspeechpp.lite.networks.synthesizer import LiteSynthesizer
from hiervox.models.tts.hierspeechpp.lite.networks.text_to_vec import LiteTextToVec
from hiervox.models.tts.hierspeechpp.lite.recordings import prompt_style, source_pitch
from hiervox.models.tts.hierspeechpp.lite.ttv_config import LiteTextToVecExperiment
from hiervox.models.tts.hierspeechpp.parts import SYNTHESIZER, TEXT_TO_VEC, Networks
from hiervox.models.tts.hierspeechpp.ttv_config import TextToVecExperiment
from hiervox.processors.audio import HOP_LENGTH, SAMPLE_RATE, Waveform
from hiervox.processors.pitch import F0Contour, pitch_level, quick_pitch
from hiervox.processors.semantic import SemanticExtractor, build_semantic_extractor
from hiervox.processors.spectrogram import log_mel
from hiervox.utils.errors import CheckpointError, ConfigError

SILENCE_NAME, SILENCE = "silence.safetensors", "semantic"
"""A file beside the synthesizer's weights and its tensor (C, N): what `silent_vectors` gives."""
MEAN_STYLE_NAME, MEAN_STYLE = "mean_style.safetensors", "style"
"""Likewise (S,): the mean of many voices' style vectors."""
NOISE_GAINS_NAME = "noise_gains.safetensors"
"""Likewise `styles` (V, S) of voices and, for each, `gains` (V, bins): its noise floor, the factor at 1."""
SILENT_FRAMES = 100


class LiteNetworks(Networks):
    """A bundle (see `hiervox.models.base.pipelines.bundle`)."""

    style_encoders = ("style_encoder.", "voice_encoder.")
    synthesizer_experiment: LiteSynthesizerExperiment
    text_to_vec_experiment: LiteTextToVecExperiment | None

    @classmethod
    def load(cls, folder: Path, device: str | torch.device = "cpu") -> Self:
        """As published.

        Raises:
            ConfigError: only text-to-vec was trained with speaker embeddings, too.
        """
        networks = super().load(folder, device)
        text_to_vec = networks.text_to_vec_experiment
        takes_speakers = text_to_vec is not None and text_to_vec.model.embedding is not None
        if takes_speakers and networks.synthesizer_experiment.model.speaker_encoder is None:
            raise ConfigError(
                f"{folder / TEXT_TO_VEC} takes speaker embeddings, and the synthesizer has no encoder",
                "put the synthesizer there that it was trained for",
            )
        return networks

    @cached_property
    def synthesizer(self) -> LiteSynthesizer:
        """As published; it subtracts its noise floor."""
        network = super().synthesizer
        assert isinstance(network, LiteSynthesizer)
        network.silence = lambda: self.silence
        file = part_checkpoint(self.folder, SYNTHESIZER) / NOISE_GAINS_NAME
        if file.is_file() and network.config.noise_floor:
            styles, gains = _noise_gains(file, network.config.style_channels)
            network.keep_noise_gains(styles.to(self.device), gains.to(self.device))
        return network

    @cached_property
    def text_to_vec(self) -> LiteTextToVec:
        """As published."""
        network = super().text_to_vec
        assert isinstance(network, LiteTextToVec)
        return network

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

    def source_pitch(self, wav: Waveform) -> F0Contour:
        """F0 of what is converted, by `model.clean_sources` without its stationary noise."""
        return source_pitch(wav, self.synthesizer_experiment)

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

    def styles(self, recording: Tensor, for_text: bool) -> dict[str, Tensor]:
        """As published, with the speaker embedding of the prompt and, with `model.contour`, its pitch."""
        network, reading = self.synthesizer, self.text_to_vec_experiment
        speaker = network.speaker(recording)
        style = prompt_style(network, recording, speaker, self.synthesizer_experiment, self.mean_style)
        styles = {SYNTHESIZER: style}
        if for_text and reading is not None:
            mel = log_mel(recording, reading.mel)
            pitch = self._pitch(recording) if reading.model.contour is not None else None
            styles[TEXT_TO_VEC] = self.text_to_vec.style(mel, speaker=speaker, pitch=pitch)
        return {part: style[0].float().cpu() for part, style in styles.items()}

    @property
    def style_sizes(self) -> dict[str, int]:
        """As published; with `model.contour` embedding (E,) and pitch (2,) follow text-to-vec's style."""
        sizes, reading = super().style_sizes, self.text_to_vec_experiment
        if reading is not None and reading.model.contour is not None and reading.model.embedding is not None:
            sizes[TEXT_TO_VEC] += reading.model.embedding.channels + 2
        return sizes

    def _pitch(self, recording: Tensor) -> Tensor:
        """`pitch_level` of a prompt (1, T): (1, 2)."""
        f0 = quick_pitch(recording[0].cpu().numpy(), SAMPLE_RATE)
        return torch.tensor([pitch_level(f0)], device=self.device)

    def style_settings(self, experiment: TextToVecExperiment | SynthesizerExperiment) -> bytes:
        """As published, and the options that styles depend on."""
        settings = super().style_settings(experiment)
        if isinstance(experiment, LiteTextToVecExperiment) and experiment.model.contour is not None:
            settings += b"contour"  # its styles are longer
        if isinstance(experiment, LiteSynthesizerExperiment):
            settings += b"clean prompts" if experiment.model.clean_prompts else b""
            if self.mean_style is not None:
                settings += f"truncation {experiment.model.style_truncation}".encode()
                settings += self.mean_style.cpu().numpy().tobytes()
        return settings


def silent_vectors(extractor: SemanticExtractor) -> Tensor:
    """Semantic vectors (1, C, `SILENT_FRAMES`) of digital silence."""
    return extractor.extract(torch.zeros(1, SILENT_FRAMES * HOP_LENGTH))


def read_mean_style(checkpoint: Path, experiment: LiteSynthesizerExperiment) -> Tensor | None:
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


def _noise_gains(file: Path, style_channels: int) -> tuple[Tensor, Tensor]:
    """Styles (V, S, 1) and gains (V, bins, 1) of `NOISE_GAINS_NAME`."""
    tensors = load_weights(file)
    styles, gains = tensors.get("styles"), tensors.get("gains")
    if styles is None or gains is None or styles.shape != (len(gains), style_channels) or gains.ndim != 2:
        raise CheckpointError(
            f"{file} holds no noise gains of this synthesizer", "remove it, or make it again"
        )
    return styles[..., None], gains[..., None]


def _only_tensor(file: Path, name: str) -> Tensor:
    tensors = load_weights(file)
    if name not in tensors:
        raise CheckpointError(f"{file} has no tensor {name}", "remove it, or make it again")
    return tensors[name].float()
