"""Training of the hierarchical synthesizer (HierSpeech++, arXiv 2311.12454, sections 3.2 and 5.3; HierVST).

`docs/concepts/hierspeechpp.md` holds the objective in full, and the choices that the sources leave open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from hiervox.models.base.data.batch import Batch
from hiervox.models.base.training.adversarial import AdversarialTask, Generated
from hiervox.models.base.training.cut_task import require_semantic_channels
from hiervox.models.base.training.task import Media
from hiervox.models.tts._hierarchy.config import SynthesizerExperiment
from hiervox.models.tts._hierarchy.networks.synthesizer import (
    HierarchicalSynthesizer,
    Neighbours,
    SynthesizerOutput,
)
from hiervox.modules.functional.masking import sequence_mask, slice_segments
from hiervox.modules.losses.kl import bidirectional_flow_kl, flow_kl
from hiervox.modules.losses.reconstruction import log_f0_l1, masked_l1, mel_l1
from hiervox.processors.pitch import log_f0
from hiervox.processors.spectrogram import linear_spectrogram, log_mel
from hiervox.utils.plots import pitch_figure, spectrogram_figure

NOISE_SCALE = 0.333  # of what validation plays: the authors' default


@dataclass
class Targets:
    """The network's output, and what it is compared with beside the waveform.

    Attributes:
        output: of the network.
        mel: (B, mel_channels, N).
        log_f0: (B, 1, values), that of the slice.
        wav: (B, 1, samples), the recording's part that `output.wav` should be.
        prompt: what the style is of, as `SynthesizerTask.prompt` gives it.
    """

    output: SynthesizerOutput
    mel: Tensor
    log_f0: Tensor
    wav: Tensor
    prompt: tuple[Tensor, ...]


class SynthesizerTask(AdversarialTask[SynthesizerExperiment]):
    """The synthesizer against its discriminators; without them a step costs about half.

    A run that starts from the weights of one without discriminators can have them. What a variant has
    otherwise it overrides: `build_generator`, `prompt`, `discriminated`, `distances`.
    """

    fields: ClassVar[frozenset[str]] = frozenset({"wav", "f0", "semantic", "semantic_perturbed"})

    def build_generator(self) -> HierarchicalSynthesizer:
        """The synthesizer."""
        return HierarchicalSynthesizer(self.config.model)

    def prompt(
        self, network: HierarchicalSynthesizer, batch: Batch, mel: Tensor, mask: Tensor
    ) -> tuple[Tensor, ...]:
        """What `network.style` takes: the clips' own log-mel (B, mel_channels, N) and its mask (B, 1, N)."""
        return mel, mask

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
        prompt = self.prompt(bare(generator), batch, mel, mask)
        output: SynthesizerOutput = generator(
            wav=wav,
            linear_spec=linear_spectrogram(batch["wav"], mel_config),
            prompt=prompt,
            semantic=batch["semantic"],
            semantic_perturbed=batch["semantic_perturbed"],
            log_f0=true_log_f0,
            mask=mask,
        )
        starts, hop, pitch_ratio = output.slice_starts, model.hop_length, model.pitch_ratio
        targets = Targets(
            output=output,
            mel=mel,
            log_f0=slice_segments(true_log_f0, pitch_ratio * starts, output.log_f0.shape[-1]),
            wav=slice_segments(wav, hop * starts, output.wav.shape[-1]),
            prompt=prompt,
        )
        return Generated(*self.discriminated(targets), extras=targets)

    def discriminated(self, targets: Targets) -> tuple[Tensor, Tensor]:
        """What the discriminators see of the recorded and of the generated slices: all."""
        return targets.wav, targets.output.wav

    def reconstruction_losses(self, batch: Batch, generated: Generated, step: int) -> dict[str, Tensor]:
        """The distances of what is decoded, and the Kullback-Leibler terms of neighbouring latents."""
        output: SynthesizerOutput = generated.extras.output
        terms = {**self.distances(generated.extras), **_kl_terms("acoustic_kl", output.acoustic, output.mask)}
        if output.semantic is not None:
            terms |= _kl_terms("semantic_kl", output.semantic, output.mask)
        return terms

    def distances(self, targets: Targets) -> dict[str, Tensor]:
        """How far off what is decoded is from what was recorded."""
        output, model = targets.output, self.config.model
        made, recorded = (log_mel(wav.squeeze(1), self.config.mel) for wav in (output.wav, targets.wav))
        terms = {"mel": mel_l1(made, recorded)}
        if output.prosody_mel is not None:
            lowest_mel = targets.mel[:, : output.prosody_mel.shape[1]]
            terms["prosody"] = masked_l1(output.prosody_mel, lowest_mel, output.mask)
        if model.source is not None:
            f0_mask = output.slice_mask.repeat_interleave(model.pitch_ratio, dim=2)
            terms["log_f0"] = log_f0_l1(output.log_f0, targets.log_f0, f0_mask)
        return terms

    def validate(self, networks: Mapping[str, nn.Module], batch: Batch, step: int) -> dict[str, Tensor]:
        """The terms, their sum, and `spoken_mel`: how far off speech from semantic vectors is."""
        network, mel_config = networks["main"], self.config.mel
        assert isinstance(network, HierarchicalSynthesizer)
        mel = log_mel(batch["wav"], mel_config)
        mask = sequence_mask(batch["frames"], mel.shape[-1])
        spoken = network.infer(
            batch["semantic"],
            log_f0(batch["f0"]).unsqueeze(1),
            network.style(*self.prompt(network, batch, mel, mask)),
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
        mask = torch.ones_like(mel[:, :1])
        first = {"wav": wav, "frames": batch["frames"][:1]}
        style = network.style(*self.prompt(network, first, mel, mask))
        copied = network.reconstruct(linear_spec, wav.unsqueeze(1), style, noise_scale=NOISE_SCALE)
        spoken = network.infer(
            batch["semantic"][:1, :, :frames], log_f0(f0).unsqueeze(1), style, noise_scale=NOISE_SCALE
        )
        sounds = {"recorded": wav, "copied": copied.squeeze(1).float(), "spoken": spoken.squeeze(1).float()}
        figures = {
            f"mel/{name}": spectrogram_figure(log_mel(sound, self.config.mel)[0].cpu(), name)
            for name, sound in sounds.items()
        }
        if model.source is not None:
            mean, _ = network.posterior(linear_spec, wav.unsqueeze(1), mask, style)
            _, source_log_f0 = network.source(mean, style)
            figures["pitch"] = pitch_figure(
                {"true": f0[0].cpu(), "of the source network": source_log_f0[0, 0].float().expm1().cpu()}
            )
        return Media(audio={name: (sound[0], rate) for name, sound in sounds.items()}, figures=figures)


def bare(network: nn.Module) -> HierarchicalSynthesizer:
    """The network without the wrapping of data-parallel training."""
    inner = network if isinstance(network, HierarchicalSynthesizer) else network.module
    assert isinstance(inner, HierarchicalSynthesizer)
    return inner


def _kl_terms(name: str, latents: Neighbours, mask: Tensor) -> dict[str, Tensor]:
    """Of two latents, by way of their flow: to the lower one, and back where that is learnt."""
    upper, lower = latents.upper, latents.lower
    gaussians = upper.mean, upper.log_std, lower.mean, lower.log_std
    if latents.lower_as_upper is None:
        return {name: flow_kl(latents.upper_as_lower, *gaussians[1:], mask)}
    both = bidirectional_flow_kl(latents.upper_as_lower, latents.lower_as_upper, *gaussians, mask)
    return dict(zip((name, f"{name}_forward"), both, strict=True))
