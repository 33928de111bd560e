"""Training of the hierarchical synthesizer (HierSpeech++, arXiv 2311.12454, sections 3.2 and 5.3).

`docs/concepts/hierspeechpp.md` holds the objective in full, and the choices that the sources leave open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from hiervox.models.base.checkpoints.checkpoint import load_into
from hiervox.models.base.checkpoints.tensor_files import load_weights
from hiervox.models.base.config import ExperimentConfig
from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.adversarial import AdversarialTask, Generated
from hiervox.models.base.training.cut_task import require_semantic_channels
from hiervox.models.base.training.task import Media
from hiervox.models.tts.hierspeechpp.config import SynthesizerExperiment
from hiervox.models.tts.hierspeechpp.losses.hierarchical import prosody_l1
from hiervox.models.tts.hierspeechpp.losses.perceptual import speaker_distance, standardized_l1
from hiervox.models.tts.hierspeechpp.networks.synthesizer import HierarchicalSynthesizer, SynthesizerOutput
from hiervox.models.tts.hierspeechpp.networks.voice_encoder import VoiceEncoder, beginnings_embedding
from hiervox.models.tts.hierspeechpp.prompts import prompt_recordings, prompt_spectrogram
from hiervox.modules.functional.masking import (
    mask_lengths,
    random_segment_starts,
    sequence_mask,
    slice_segments,
)
from hiervox.modules.losses.kl import bidirectional_flow_kl
from hiervox.modules.losses.reconstruction import log_f0_l1, masked_l1, mel_l1
from hiervox.processors.pitch import log_f0
from hiervox.processors.semantic import SemanticExtractor, build_semantic_extractor
from hiervox.processors.spectrogram import SpectrogramConfig, linear_spectrogram, log_mel
from hiervox.utils.plots import pitch_figure, spectrogram_figure

FINE_MEL = SpectrogramConfig(n_fft=512, win_length=320, hop_length=80, n_mels=40)
ADDABLE = ("voice_encoder.", "generator.frame_blocks.", "generator.source_blocks.")
"""What a network can have more than the one it starts from, by the names of its weights."""
NOISE_SCALE = 0.333  # of what validation plays: the authors' default


@dataclass
class Targets:
    """The network's output, and what it is compared with beside the waveform.

    Attributes:
        output: of the network.
        mel: (B, mel_channels, N).
        log_f0: (B, 1, values), that of the slice.
        wav: (B, 1, samples), the recording's part that `output.wav` should be.
        speaker: (B, E), the prompts' embeddings; None where there is no voice encoder.
    """

    output: SynthesizerOutput
    mel: Tensor
    log_f0: Tensor
    wav: Tensor
    speaker: Tensor | None


class SynthesizerTask(AdversarialTask[SynthesizerExperiment]):
    """The synthesizer against its discriminators; without them a step costs about half.

    A run that starts from the weights of one without discriminators can have them.
    """

    fields: ClassVar[frozenset[str]] = frozenset({"wav", "f0", "semantic", "semantic_perturbed"})
    _hearing: VoiceEncoder | None = None
    _extractor: SemanticExtractor | None = None

    def batch_fields(self) -> frozenset[str]:
        """With `features.prompt` also prompts, with `features.predicted_by` what text-to-vec predicts."""
        features = self.config.features
        given = {"prompt": features.prompt, "predicted_semantic": features.predicted_by}
        return self.fields | {name for name, setting in given.items() if setting is not None}

    def build_generator(self) -> nn.Module:
        """The synthesizer, with the pretrained weights of its speaker encoder, where the config names them.

        Raises:
            CheckpointError: they are broken or missing.
        """
        generator = HierarchicalSynthesizer(self.config.model)
        weights = self.config.speaker_encoder
        if generator.voice_encoder is not None and weights is not None:
            load_into(generator.voice_encoder.network, load_weights(weights), weights)
        return generator

    def adapt_weights(self, tensors: dict[str, Tensor], given: ExperimentConfig) -> dict[str, Tensor]:
        """What the given network lacks of this one starts so that it changes nothing.

        That is a voice encoder as `build_generator` makes it, the modulation of the spectral generator's
        blocks, and further blocks.
        """
        assert isinstance(given, SynthesizerExperiment)
        own = self.build_generator().state_dict()
        added = {
            name: torch.zeros_like(tensor)
            if name.endswith((".contract.weight", ".contract.bias"))
            else tensor
            for name, tensor in own.items()
            if name not in tensors and name.startswith(ADDABLE)
        }
        return {**tensors, **added}

    def generate(self, generator: nn.Module, batch: Batch) -> Generated:
        """The synthesizer's training pass on a batch of `hiervox.models.base.data.dataset`.

        Returns:
            the waveforms that the discriminators judge, and in `extras` `Targets`.

        Raises:
            ConfigError: the data's semantic vectors are not as wide as the network's.
        """
        model, mel_config = self.config.model, self.config.mel
        require_semantic_channels(batch, model.semantic_channels)
        wav, true_log_f0 = batch["wav"].unsqueeze(1), log_f0(batch["f0"]).unsqueeze(1)
        mel = log_mel(batch["wav"], mel_config)
        mask = sequence_mask(batch["frames"], mel.shape[-1])
        prompt_mel, prompt_mask = prompt_spectrogram(batch, mel, mask, mel_config)
        speaker = self._speaker(_synthesizer(generator), batch)
        output: SynthesizerOutput = generator(
            wav=wav,
            linear_spec=linear_spectrogram(batch["wav"], mel_config),
            mel=prompt_mel,
            semantic=batch["semantic"],
            semantic_perturbed=self._heard_by_prior(batch)
            if generator.training
            else batch["semantic_perturbed"],
            log_f0=true_log_f0,
            mask=mask,
            mel_mask=prompt_mask,
            speaker=speaker,
        )
        starts, hop, pitch_ratio = output.slice_starts, model.hop_length, model.pitch_ratio
        targets = Targets(
            output=output,
            mel=mel,
            log_f0=slice_segments(true_log_f0, pitch_ratio * starts, output.log_f0.shape[-1]),
            wav=slice_segments(wav, hop * starts, output.wav.shape[-1]),
            speaker=speaker,
        )
        self._hearing = _synthesizer(generator).voice_encoder
        return Generated(*self._judged(targets), extras=targets)

    def _heard_by_prior(self, batch: Batch) -> Tensor:
        """The lowest prior's input (B, C, N): in `predicted_ratio` of the items what text-to-vec predicts."""
        perturbed, predicted = batch["semantic_perturbed"], batch.get("predicted_semantic")
        if predicted is None:
            return perturbed
        chance = torch.rand(len(perturbed), 1, 1, device=perturbed.device)
        return torch.where(chance < self.config.model.predicted_ratio, predicted, perturbed)

    def _speaker(self, network: HierarchicalSynthesizer, batch: Batch) -> Tensor | None:
        """The prompts' speaker embeddings (B, E)."""
        encoder = network.voice_encoder
        if encoder is None:
            return None
        recordings, lengths = prompt_recordings(batch, self.config.mel.hop_length)
        return beginnings_embedding(encoder.network, recordings, lengths, encoder.max_samples)

    def _judged(self, targets: Targets) -> tuple[Tensor, Tensor]:
        """The parts of recorded and generated slice that the discriminators see."""
        real, fake, frames = targets.wav, targets.output.wav, self.config.model.judged_frames
        if frames is None or not self.config.adversarial:
            return real, fake
        hop = self.config.model.hop_length
        starts = hop * random_segment_starts(mask_lengths(targets.output.slice_mask), frames)
        return slice_segments(real, starts, hop * frames), slice_segments(fake, starts, hop * frames)

    def reconstruction_losses(self, batch: Batch, generated: Generated, step: int) -> dict[str, Tensor]:
        """The distances of what is decoded, and the four Kullback-Leibler terms."""
        return {**self._distances(generated.extras), **_kl_terms(generated.extras.output)}

    def _distances(self, targets: Targets) -> dict[str, Tensor]:
        output = targets.output
        f0_mask = output.slice_mask.repeat_interleave(self.config.model.pitch_ratio, dim=2)
        made, recorded = output.wav.squeeze(1), targets.wav.squeeze(1)
        terms = {
            "mel": mel_l1(log_mel(made, self.config.mel), log_mel(recorded, self.config.mel)),
            "prosody": prosody_l1(output.prosody_mel, targets.mel, output.mask),
            "log_f0": log_f0_l1(output.log_f0, targets.log_f0, f0_mask),
        }
        if self.config.loss.has_weight("fine_mel"):
            terms["fine_mel"] = mel_l1(log_mel(made, FINE_MEL), log_mel(recorded, FINE_MEL))
        if self.config.loss.has_weight("speaker"):
            assert self._hearing is not None and targets.speaker is not None
            terms["speaker"] = speaker_distance(self._hearing.embed(made), targets.speaker)
        if self.config.loss.has_weight("semantic"):
            extract = self._semantic(made.device).extract
            terms["semantic"] = standardized_l1(extract(made, True), extract(recorded), output.slice_mask)
        return terms

    def _semantic(self, device: torch.device) -> SemanticExtractor:
        """The network of the semantic vectors without a bottleneck, so that all it encodes counts."""
        if self._extractor is None:
            semantic = self.config.features.semantic.model_copy(update={"bottleneck": None})
            self._extractor = build_semantic_extractor(semantic, device)
        return self._extractor

    def validate(self, networks: Mapping[str, nn.Module], batch: Batch, step: int) -> dict[str, Tensor]:
        """The terms, their sum, and `spoken_mel`: how far off speech from semantic vectors is."""
        network, mel_config = networks["main"], self.config.mel
        assert isinstance(network, HierarchicalSynthesizer)
        mel = log_mel(batch["wav"], mel_config)
        mask = sequence_mask(batch["frames"], mel.shape[-1])
        spoken = network.infer(
            batch["semantic"],
            log_f0(batch["f0"]).unsqueeze(1),
            network.style(*prompt_spectrogram(batch, mel, mask, mel_config), self._speaker(network, batch)),
            mask,
            noise_scale=NOISE_SCALE,
        )
        spoken_mel = log_mel(spoken.squeeze(1), mel_config)
        return {**super().validate(networks, batch, step), "spoken_mel": masked_l1(spoken_mel, mel, mask)}

    def media(self, networks: Mapping[str, nn.Module], batch: Batch) -> Media:
        """The first clip as recorded, copied from its posterior and spoken from its semantic vectors."""
        network = networks["main"]
        assert isinstance(network, HierarchicalSynthesizer)
        model, rate = self.config.model, self.config.mel.sample_rate
        frames = int(batch["frames"][0])
        wav = batch["wav"][:1, : model.hop_length * frames]
        f0 = batch["f0"][:1, : model.pitch_ratio * frames]
        mel = log_mel(wav, self.config.mel)
        linear_spec = linear_spectrogram(wav, self.config.mel)
        style = network.style(mel, speaker=network.speaker(wav))
        copied = network.reconstruct(linear_spec, wav.unsqueeze(1), style, noise_scale=NOISE_SCALE)
        spoken = network.infer(
            batch["semantic"][:1, :, :frames], log_f0(f0).unsqueeze(1), style, noise_scale=NOISE_SCALE
        )
        sounds = {"recorded": wav, "copied": copied.squeeze(1).float(), "spoken": spoken.squeeze(1).float()}
        figures = {
            f"mel/{name}": spectrogram_figure(log_mel(sound, self.config.mel)[0].cpu(), name)
            for name, sound in sounds.items()
        }
        mean, _ = network.acoustic_posterior(
            linear_spec, wav.unsqueeze(1), torch.ones_like(mel[:, :1]), style
        )
        _, source_log_f0 = network.source(mean, style)
        figures["pitch"] = pitch_figure(
            {"true": f0[0].cpu(), "of the source network": source_log_f0[0, 0].float().expm1().cpu()}
        )
        return Media(audio={name: (sound[0], rate) for name, sound in sounds.items()}, figures=figures)


def _synthesizer(network: nn.Module) -> HierarchicalSynthesizer:
    """The network without the wrapping of data-parallel training."""
    bare = network if isinstance(network, HierarchicalSynthesizer) else network.module
    assert isinstance(bare, HierarchicalSynthesizer)
    return bare


def _kl_terms(output: SynthesizerOutput) -> dict[str, Tensor]:
    acoustic, related, agnostic = output.acoustic, output.related, output.agnostic
    acoustic_kl, acoustic_kl_forward = bidirectional_flow_kl(
        output.acoustic_as_related,
        output.related_as_acoustic,
        acoustic.mean,
        acoustic.log_std,
        related.mean,
        related.log_std,
        output.mask,
    )
    semantic_kl, semantic_kl_forward = bidirectional_flow_kl(
        output.related_as_agnostic,
        output.agnostic_as_related,
        related.mean,
        related.log_std,
        agnostic.mean,
        agnostic.log_std,
        output.mask,
    )
    return {
        "acoustic_kl": acoustic_kl,
        "acoustic_kl_forward": acoustic_kl_forward,
        "semantic_kl": semantic_kl,
        "semantic_kl_forward": semantic_kl_forward,
    }
