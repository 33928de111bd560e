"""Training of the hierarchical synthesizer (HierSpeech++, arXiv 2311.12454, sections 3.2 and 5.3).

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
from hiervox.models.tts.hierspeechpp.config import SynthesizerExperiment
from hiervox.models.tts.hierspeechpp.networks.synthesizer import HierarchicalSynthesizer, SynthesizerOutput
from hiervox.modules.functional.masking import sequence_mask, slice_segments
from hiervox.modules.losses.kl import bidirectional_flow_kl
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
        """The distances of what is decoded, and the four Kullback-Leibler terms."""
        return {**self.distances(generated.extras), **_kl_terms(generated.extras.output)}

    def distances(self, targets: Targets) -> dict[str, Tensor]:
        """How far off what is decoded is from what was recorded."""
        output, mel_config = targets.output, self.config.mel
        f0_mask = output.slice_mask.repeat_interleave(self.config.model.pitch_ratio, dim=2)
        made, recorded = (log_mel(wav.squeeze(1), mel_config) for wav in (output.wav, targets.wav))
        lowest_mel = targets.mel[:, : self.config.model.prosody.bins]
        return {
            "mel": mel_l1(made, recorded),
            "prosody": masked_l1(output.prosody_mel, lowest_mel, output.mask),
            "log_f0": log_f0_l1(output.log_f0, targets.log_f0, f0_mask),
        }

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
        mean, _ = network.acoustic_posterior(linear_spec, wav.unsqueeze(1), mask, style)
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


def _kl_terms(output: SynthesizerOutput) -> dict[str, Tensor]:
    of_acoustic, of_semantic = (
        bidirectional_flow_kl(down, up, upper.mean, upper.log_std, lower.mean, lower.log_std, output.mask)
        for down, up, upper, lower in (
            (output.acoustic_as_related, output.related_as_acoustic, output.acoustic, output.related),
            (output.related_as_agnostic, output.agnostic_as_related, output.related, output.agnostic),
        )
    )
    names = ("acoustic_kl", "acoustic_kl_forward", "semantic_kl", "semantic_kl_forward")
    return dict(zip(names, (*of_acoustic, *of_semantic), strict=True))
