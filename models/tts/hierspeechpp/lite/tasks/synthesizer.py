"""Training of the hierarchical synthesizer with the options of `LiteSynthesizerExperiment`."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hiervox.models.base.checkpoints.checkpoint import load_into
from hiervox.models.base.checkpoints.tensor_files import load_weights
from hiervox.models.base.config import ExperimentConfig
from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.adversarial import Generated
from hiervox.models.tts._hierarchy.networks.synthesizer import HierarchicalSynthesizer
from hiervox.models.tts._hierarchy.task import SynthesizerTask, Targets, bare
from hiervox.models.tts.hierspeechpp.lite.config import LiteSynthesizerExperiment
from hiervox.models.tts.hierspeechpp.lite.losses import speaker_distance, standardized_l1
from hiervox.models.tts.hierspeechpp.lite.networks.synthesizer import LiteSynthesizer
from hiervox.models.tts.hierspeechpp.lite.networks.voice_encoder import VoiceEncoder, beginnings_embedding
from hiervox.models.tts.hierspeechpp.lite.recordings import prompt_recordings, prompt_spectrogram
from hiervox.modules.functional.masking import mask_lengths, random_segment_starts, slice_segments
from hiervox.modules.losses.reconstruction import mel_l1
from hiervox.processors.semantic import SemanticExtractor, build_semantic_extractor
from hiervox.processors.spectrogram import SpectrogramConfig, log_mel

FINE_MEL = SpectrogramConfig(n_fft=512, win_length=320, hop_length=80, n_mels=40)
ADDABLE = ("voice_encoder.", "generator.frame_blocks.", "generator.source_blocks.")
"""What a network can have more than the one it starts from, by the names of its weights."""


class LiteSynthesizerTask(SynthesizerTask):
    """The synthesizer with options against its discriminators."""

    config: LiteSynthesizerExperiment
    _voice_encoder: VoiceEncoder | None = None
    _extractor: SemanticExtractor | None = None

    def batch_fields(self) -> frozenset[str]:
        """With `features.prompt` also prompts, with `features.predicted_by` what text-to-vec predicts."""
        features = self.config.features
        given = {"prompt": features.prompt, "predicted_semantic": features.predicted_by}
        return self.fields | {name for name, setting in given.items() if setting is not None}

    def build_generator(self) -> LiteSynthesizer:
        """The synthesizer, with the pretrained weights of its speaker encoder, where the config names them.

        Raises:
            CheckpointError: they are broken or missing.
        """
        generator = LiteSynthesizer(self.config.model)
        weights = self.config.speaker_encoder
        if generator.voice_encoder is not None and weights is not None:
            load_into(generator.voice_encoder.network, load_weights(weights), weights)
        return generator

    def adapt_weights(self, tensors: dict[str, Tensor], given: ExperimentConfig) -> dict[str, Tensor]:
        """What the given network lacks of this one starts so that it changes nothing.

        That is a voice encoder as `build_generator` makes it, the modulation of the spectral generator's
        blocks, and further blocks.
        """
        own = self.build_generator().state_dict()
        added = {
            name: torch.zeros_like(tensor)
            if name.endswith((".contract.weight", ".contract.bias"))
            else tensor
            for name, tensor in own.items()
            if name not in tensors and name.startswith(ADDABLE)
        }
        return {**tensors, **added}

    def prompt(
        self, network: HierarchicalSynthesizer, batch: Batch, mel: Tensor, mask: Tensor
    ) -> tuple[Tensor, ...]:
        """The prompts', or, where the batch has none, the clips' own; their embedding where it is needed."""
        seen = prompt_spectrogram(batch, mel, mask, self.config.mel)
        encoder = _lite(network).voice_encoder
        if encoder is None:
            return seen
        recordings, lengths = prompt_recordings(batch, self.config.mel.hop_length)
        return *seen, beginnings_embedding(encoder.network, recordings, lengths, encoder.max_samples)

    def generate(self, generator: nn.Module, batch: Batch) -> Generated:
        """As published; in training the lowest prior reads predictions in `predicted_ratio` of the items."""
        self._voice_encoder = _lite(bare(generator)).voice_encoder
        predicted, perturbed = batch.get("predicted_semantic"), batch["semantic_perturbed"]
        if predicted is not None and generator.training:
            chance = torch.rand(len(perturbed), 1, 1, device=perturbed.device)
            mixed = torch.where(chance < self.config.model.predicted_ratio, predicted, perturbed)
            batch = {**batch, "semantic_perturbed": mixed}
        return super().generate(generator, batch)

    def discriminated(self, targets: Targets) -> tuple[Tensor, Tensor]:
        """`discriminator_frames` of the slices, from random places."""
        real, fake, frames = targets.wav, targets.output.wav, self.config.model.discriminator_frames
        if frames is None or not self.config.adversarial:
            return real, fake
        hop = self.config.model.hop_length
        starts = hop * random_segment_starts(mask_lengths(targets.output.slice_mask), frames)
        return slice_segments(real, starts, hop * frames), slice_segments(fake, starts, hop * frames)

    def distances(self, targets: Targets) -> dict[str, Tensor]:
        """As published, and those of the further weights."""
        terms, loss = super().distances(targets), self.config.loss
        made, recorded = targets.output.wav.squeeze(1), targets.wav.squeeze(1)
        if loss.has_weight("fine_mel"):
            terms["fine_mel"] = mel_l1(log_mel(made, FINE_MEL), log_mel(recorded, FINE_MEL))
        if loss.has_weight("speaker"):
            assert self._voice_encoder is not None
            terms["speaker"] = speaker_distance(self._voice_encoder.embed(made), targets.prompt[-1])
        if loss.has_weight("semantic"):
            extract = self._semantic(made.device).extract
            mask = targets.output.slice_mask
            terms["semantic"] = standardized_l1(extract(made, True), extract(recorded), mask)
        return terms

    def _semantic(self, device: torch.device) -> SemanticExtractor:
        """The network of the semantic vectors without a bottleneck, so that all it encodes counts."""
        if self._extractor is None:
            semantic = self.config.features.semantic.model_copy(update={"bottleneck": None})
            self._extractor = build_semantic_extractor(semantic, device)
        return self._extractor


def _lite(network: nn.Module) -> LiteSynthesizer:
    assert isinstance(network, LiteSynthesizer)
    return network
