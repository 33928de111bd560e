"""Training of the hierarchical synthesizer (HierSpeech++, arXiv 2311.12454, sections 3.2 and 5.3).

`docs/hierspeechpp_training.md` holds the objective in full, and the choices that the sources leave open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from hiervox.models.base.training.cut_task import CutTrainingTask, require_semantic_channels
from hiervox.models.base.training.task import Batch, Media
from hiervox.models.tts.hierspeechpp.config import SynthesizerExperiment
from hiervox.models.tts.hierspeechpp.networks.synthesizer import HierarchicalSynthesizer, SynthesizerOutput
from hiervox.modules.discriminators.ensemble import DiscriminatorEnsemble
from hiervox.modules.discriminators.multi_period import MultiPeriodDiscriminator
from hiervox.modules.discriminators.multi_resolution_stft import MultiResolutionSTFTDiscriminator
from hiervox.modules.functional.masking import sequence_mask, slice_segments
from hiervox.modules.losses.adversarial import discriminator_terms, generator_terms
from hiervox.modules.losses.hierarchical import prosody_l1
from hiervox.modules.losses.kl import bidirectional_flow_kl
from hiervox.modules.losses.reconstruction import log_f0_l1, masked_l1, mel_l1
from hiervox.processors.pitch import log_f0
from hiervox.processors.spectrogram import SpectrogramConfig, linear_spectrogram, log_mel
from hiervox.utils.plots import pitch_figure, spectrogram_figure

FINE_MEL = SpectrogramConfig(n_fft=512, win_length=320, hop_length=80, n_mels=40)
NOISE_SCALE = 0.333  # of what validation plays: the authors' default


@dataclass
class _Pass:
    """The network's output, and what it is compared with.

    Attributes:
        output: of the network.
        mel: (B, mel_channels, N).
        wav: (B, 1, samples), the recording's part that `output.wav` should be.
        log_f0: (B, 1, values), its log-F0.
    """

    output: SynthesizerOutput
    mel: Tensor
    wav: Tensor
    log_f0: Tensor


class SynthesizerTask(CutTrainingTask[SynthesizerExperiment]):
    """Two turns: the discriminators, then the synthesizer against them.

    Where neither of their terms has a weight there are no discriminators, and a step costs about half. A run
    that starts from such a run's weights can then have them.
    """

    fields: ClassVar[frozenset[str]] = frozenset({"wav", "f0", "semantic", "semantic_perturbed"})
    # The sum holds adversarial terms, which say nothing about how good a checkpoint is.
    best_metric = "mel"

    def __init__(self, config: SynthesizerExperiment) -> None:
        super().__init__(config)
        self.adversarial = config.loss.adversarial > 0 or config.loss.feature_matching > 0
        self.turns = ("discriminator", "main") if self.adversarial else ("main",)

    def build_networks(self) -> dict[str, nn.Module]:
        """The synthesizer under the name `main`, and all its discriminators under `discriminator`."""
        main = HierarchicalSynthesizer(self.config.model)
        if not self.adversarial:
            return {"main": main}
        sizes = self.config.discriminator
        discriminator = DiscriminatorEnsemble(
            {
                "stft": MultiResolutionSTFTDiscriminator(sizes.window_lengths, sizes.stft_channels),
                "period": MultiPeriodDiscriminator(sizes.periods, sizes.period_channels),
            }
        )
        return {"main": main, "discriminator": discriminator}

    def forward(self, networks: Mapping[str, nn.Module], batch: Batch) -> _Pass:
        """The synthesizer's training pass on a batch of `hiervox.models.base.data.dataset`.

        Raises:
            ConfigError: the data's semantic vectors are not as wide as the network's.
        """
        model, mel_config = self.config.model, self.config.mel
        require_semantic_channels(batch, model.semantic_channels)
        wav, true_log_f0 = batch["wav"].unsqueeze(1), log_f0(batch["f0"]).unsqueeze(1)
        mel = log_mel(batch["wav"], mel_config)
        output: SynthesizerOutput = networks["main"](
            wav=wav,
            linear_spec=linear_spectrogram(batch["wav"], mel_config),
            mel=mel,
            semantic=batch["semantic"],
            semantic_perturbed=batch["semantic_perturbed"],
            log_f0=true_log_f0,
            mask=sequence_mask(batch["frames"], mel.shape[-1]),
        )
        starts, hop, pitch_ratio = output.slice_starts, model.hop_length, model.pitch_ratio
        return _Pass(
            output=output,
            mel=mel,
            wav=slice_segments(wav, hop * starts, output.wav.shape[-1]),
            log_f0=slice_segments(true_log_f0, pitch_ratio * starts, output.log_f0.shape[-1]),
        )

    def losses(
        self, turn: str, networks: Mapping[str, nn.Module], batch: Batch, output: _Pass
    ) -> dict[str, Tensor]:
        """The discriminators' loss, or the synthesizer's terms, which `loss` in the config weighs."""
        if turn == "discriminator":
            return discriminator_terms(networks["discriminator"], output.wav, output.output.wav)
        terms = {**self._reconstruction_terms(output), **_kl_terms(output.output)}
        if self.adversarial:
            terms |= generator_terms(networks["discriminator"], output.wav, output.output.wav)
        return terms

    def _reconstruction_terms(self, given: _Pass) -> dict[str, Tensor]:
        output = given.output
        f0_mask = output.slice_mask.repeat_interleave(self.config.model.pitch_ratio, dim=2)
        made, recorded = output.wav.squeeze(1), given.wav.squeeze(1)
        terms = {
            "mel": mel_l1(log_mel(made, self.config.mel), log_mel(recorded, self.config.mel)),
            "prosody": prosody_l1(output.prosody_mel, given.mel, output.mask),
            "log_f0": log_f0_l1(output.log_f0, given.log_f0, f0_mask),
        }
        if self.config.loss.fine_mel:
            terms["fine_mel"] = mel_l1(log_mel(made, FINE_MEL), log_mel(recorded, FINE_MEL))
        return terms

    def weights(self) -> Mapping[str, float]:
        """Those of the config."""
        return self.config.loss.model_dump()

    def validate(self, networks: Mapping[str, nn.Module], batch: Batch) -> dict[str, Tensor]:
        """The terms, their sum, and `spoken_mel`: how far off speech from semantic vectors is."""
        network, mel_config = networks["main"], self.config.mel
        assert isinstance(network, HierarchicalSynthesizer)
        mel = log_mel(batch["wav"], mel_config)
        mask = sequence_mask(batch["frames"], mel.shape[-1])
        spoken = network.infer(
            batch["semantic"],
            log_f0(batch["f0"]).unsqueeze(1),
            network.style(mel, mask),
            mask,
            noise_scale=NOISE_SCALE,
        )
        spoken_mel = log_mel(spoken.squeeze(1), mel_config)
        return {**super().validate(networks, batch), "spoken_mel": masked_l1(spoken_mel, mel, mask)}

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
        style = network.style(mel)
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
