"""The hierarchical synthesizer of HierSpeech++: semantic vectors, pitch and a voice to a waveform.

Three latents of one size stand above each other: the speaker-agnostic and the speaker-related semantic one
and the acoustic one. Two flows join neighbours; forward leads down to the semantics, reverse up to the
sound (arXiv 2311.12454, section 3.2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.tts.hierspeechpp.config import SynthesizerConfig
from modules.gaussian import sample_gaussian
from modules.generator import SourceGenerator
from modules.masking import mask_lengths, random_segment_starts, slice_segments
from modules.posterior import DualAudioPosteriorEncoder, WaveformEncoder
from modules.prosody_decoder import ProsodyDecoder
from modules.semantic_encoder import SemanticEncoder
from modules.source_network import SourceNetwork
from modules.style_encoder import StyleEncoder
from modules.transformer_flow import TransformerFlow


@dataclass
class Latent:
    """A Gaussian over frames and a draw from it, (B, C, N) each, masked."""

    mean: Tensor
    log_std: Tensor
    z: Tensor


@dataclass
class SynthesizerOutput:
    """A training pass, everything that the losses need.

    Attributes:
        agnostic, related, acoustic: the three latents.
        acoustic_as_related: (B, C, N), the acoustic draw through the flow to the speaker-related latent.
        related_as_acoustic: (B, C, N), the speaker-related draw back through it.
        related_as_agnostic: (B, C, N), the speaker-related draw through the flow to the agnostic latent.
        agnostic_as_related: (B, C, N), the agnostic draw back through it.
        prosody_mel: (B, prosody bins, N).
        mask: (B, 1, N) of real frames.
        slice_starts: (B,) first frame of each slice.
        slice_mask: (B, 1, slice frames), of the slices' real frames.
        log_f0: (B, 1, pitch ratio * slice frames), of the slices.
        wav: (B, 1, hop length * slice frames), of the slices.
    """

    agnostic: Latent
    related: Latent
    acoustic: Latent
    acoustic_as_related: Tensor
    related_as_acoustic: Tensor
    related_as_agnostic: Tensor
    agnostic_as_related: Tensor
    prosody_mel: Tensor
    mask: Tensor
    slice_starts: Tensor
    slice_mask: Tensor
    log_f0: Tensor
    wav: Tensor


class HierarchicalSynthesizer(nn.Module):
    """All networks of the synthesizer.

    Padding never changes what `style`, `infer` and `reconstruct` compute for real frames: the stages at the
    frame rate follow the mask, and those above it, whose many convolutions see beyond the end, run once for
    each length in a batch.

    Args:
        config: sizes.

    Attributes:
        style_encoder: see `style`.
        agnostic_prior, related_prior: semantic encoders of the two lower latents.
        acoustic_posterior: encoder of the acoustic latent from audio.
        agnostic_flow: speaker-related latent → agnostic one.
        related_flow: acoustic latent → speaker-related one.
        prosody: lowest mel bins from the speaker-related latent.
        source: features and log-F0 at the rate of F0 from the acoustic latent.
        generator: waveform from the acoustic latent and the source features.
        null_style: (1, S, 1), stands for the style where there is none.
    """

    def __init__(self, config: SynthesizerConfig) -> None:
        super().__init__()
        self.config = config
        latent, style = config.latent_channels, config.style_channels
        self.style_encoder = StyleEncoder(config.mel_channels, config.style_hidden_channels, style)
        self.agnostic_prior = self._semantic_prior()
        self.related_prior = self._semantic_prior()
        self.acoustic_posterior = self._acoustic_posterior()
        self.agnostic_flow = self._flow()
        self.related_flow = self._flow()
        prosody = config.prosody
        self.prosody = ProsodyDecoder(
            latent,
            prosody.filter_channels,
            style,
            prosody.bins,
            prosody.n_heads,
            prosody.n_layers,
            prosody.kernel_size,
            prosody.dropout,
        )
        source = config.source
        self.source = SourceNetwork(
            latent,
            source.initial_channels,
            style,
            source.rates,
            source.kernel_sizes,
            source.block_kernel_sizes,
            source.block_dilations,
        )
        generator = config.generator
        self.generator = SourceGenerator(
            latent,
            self.source.out_channels,
            generator.initial_channels,
            style,
            generator.rates,
            generator.kernel_sizes,
            generator.block_kernel_sizes,
            generator.block_dilations,
        )
        self.null_style = nn.Parameter(torch.randn(1, style, 1))

    def _semantic_prior(self) -> SemanticEncoder:
        config, sizes = self.config, self.config.semantic_prior
        return SemanticEncoder(
            config.semantic_channels,
            config.latent_channels,
            sizes.hidden_channels,
            config.style_channels,
            sizes.kernel_size,
            n_layers=sizes.n_layers,
            pitch_ratio=config.pitch_ratio,
        )

    def _acoustic_posterior(self) -> DualAudioPosteriorEncoder:
        config, sizes = self.config, self.config.acoustic_posterior
        waveform_encoder = WaveformEncoder(
            sizes.waveform_channels,
            sizes.waveform_rates,
            sizes.waveform_kernel_sizes,
            sizes.block_kernel_sizes,
            sizes.block_dilations,
            sizes.hidden_channels,
        )
        return DualAudioPosteriorEncoder(
            config.spectrogram_channels,
            config.latent_channels,
            sizes.hidden_channels,
            config.style_channels,
            waveform_encoder,
            sizes.kernel_size,
            n_layers=sizes.n_layers,
        )

    def _flow(self) -> TransformerFlow:
        config, sizes = self.config, self.config.flow
        return TransformerFlow(
            config.latent_channels,
            sizes.hidden_channels,
            config.style_channels,
            sizes.n_heads,
            sizes.n_blocks,
            sizes.n_couplings,
            sizes.kernel_size,
            dropout=sizes.dropout,
        )

    def style(self, mel: Tensor, mask: Tensor | None = None) -> Tensor:
        """Style vector of a prompt.

        Args:
            mel: (B, mel_channels, M), log-mel.
            mask: (B, 1, M); None where no prompt is padded.

        Returns:
            (B, style_channels, 1).
        """
        return self.style_encoder(mel, _full_mask(mel) if mask is None else mask)

    def forward(
        self,
        wav: Tensor,
        linear_spec: Tensor,
        mel: Tensor,
        semantic: Tensor,
        semantic_perturbed: Tensor,
        log_f0: Tensor,
        mask: Tensor,
    ) -> SynthesizerOutput:
        """The training pass (section 3.2).

        Args:
            wav: (B, 1, hop * N), clean.
            linear_spec: (B, spectrogram_channels, N), of `wav`.
            mel: (B, mel_channels, N), of `wav`; the style comes from the utterance itself.
            semantic: (B, semantic_channels, N), of `wav`.
            semantic_perturbed: (B, semantic_channels, N), of `wav` with its voice disturbed.
            log_f0: (B, 1, pitch_ratio * N), log(Hz + 1).
            mask: (B, 1, N).
        """
        style = self.style(mel, mask)
        acoustic = _draw(self.acoustic_posterior(linear_spec, wav, mask, style), mask)
        related = _draw(self.related_prior(semantic, log_f0, mask, style), mask)
        agnostic = _draw(self.agnostic_prior(semantic_perturbed, log_f0, mask, style), mask)

        frames = self.config.slice_frames
        starts = random_segment_starts(mask_lengths(mask), frames)
        z_slice = slice_segments(acoustic.z, starts, frames)
        generator_style = self._without_some(style)
        features, slice_log_f0 = self.source(z_slice, generator_style)
        return SynthesizerOutput(
            agnostic=agnostic,
            related=related,
            acoustic=acoustic,
            acoustic_as_related=self.related_flow(acoustic.z, mask, style),
            related_as_acoustic=self.related_flow(related.z, mask, style, reverse=True),
            related_as_agnostic=self.agnostic_flow(related.z, mask, style),
            agnostic_as_related=self.agnostic_flow(agnostic.z, mask, style, reverse=True),
            prosody_mel=self.prosody(related.z, mask, style),
            mask=mask,
            slice_starts=starts,
            slice_mask=slice_segments(mask, starts, frames),
            log_f0=slice_log_f0,
            wav=self.generator(z_slice, features, generator_style),
        )

    def _without_some(self, style: Tensor) -> Tensor:
        """In training, the style with `unconditional_ratio` of the items replaced by the null style."""
        if not self.training:
            return style
        chance = torch.rand(style.shape[0], 1, 1, device=style.device)
        return torch.where(chance < self.config.unconditional_ratio, self.null_style.to(style.dtype), style)

    @torch.no_grad()
    def infer(
        self,
        semantic: Tensor,
        log_f0: Tensor,
        style: Tensor,
        mask: Tensor | None = None,
        noise_scale: float = 0.333,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Speak: agnostic prior, both flows in reverse, source network, generator.

        Args:
            semantic: (B, semantic_channels, N).
            log_f0: (B, 1, pitch_ratio * N), log(Hz + 1).
            style: (B, style_channels, 1), of the voice to speak in.
            mask: (B, 1, N); None where nothing is padded.
            noise_scale: factor of the prior's standard deviation.
            generator: of the noise.

        Returns:
            (B, 1, hop * N) in [-1, 1], zero where `mask` is.
        """
        mask = _full_mask(semantic) if mask is None else mask
        mean, log_std = self.agnostic_prior(semantic, log_f0, mask, style)
        z = sample_gaussian(mean, log_std, mask, noise_scale, generator)
        z = self.agnostic_flow(z, mask, style, reverse=True)
        z = self.related_flow(z, mask, style, reverse=True)
        return self._by_length(mask, lambda items, frames: self._sound(z[items, :, :frames], style[items]))

    @torch.no_grad()
    def reconstruct(
        self,
        linear_spec: Tensor,
        wav: Tensor,
        style: Tensor,
        mask: Tensor | None = None,
        noise_scale: float = 0.333,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Copy-synthesis: acoustic posterior, source network, generator.

        Args:
            linear_spec: (B, spectrogram_channels, N).
            wav: (B, 1, hop * N), what `linear_spec` is of.
            style: (B, style_channels, 1).
            mask: (B, 1, N); None where nothing is padded.
            noise_scale: factor of the posterior's standard deviation.
            generator: of the noise.

        Returns:
            (B, 1, hop * N) in [-1, 1], zero where `mask` is.
        """
        mask = _full_mask(linear_spec) if mask is None else mask
        hop = self.config.hop_length

        def run(items: Tensor, frames: int) -> Tensor:
            real = mask[items, :, :frames]
            mean, log_std = self.acoustic_posterior(
                linear_spec[items, :, :frames], wav[items, :, : hop * frames], real, style[items]
            )
            return self._sound(sample_gaussian(mean, log_std, real, noise_scale, generator), style[items])

        return self._by_length(mask, run)

    def _sound(self, z: Tensor, style: Tensor) -> Tensor:
        """Acoustic latent (B, C, N) → waveform (B, 1, hop * N)."""
        features, _ = self.source(z, style)
        return self.generator(z, features, style)

    def _by_length(self, mask: Tensor, run: Callable[[Tensor, int], Tensor]) -> Tensor:
        """Call `run` with the items of each length, and put the waveforms back together, zero-padded.

        Args:
            mask: (B, 1, N).
            run: (indices of items (b,), their length n in frames) → (b, 1, hop * n).

        Returns:
            (B, 1, hop * N).
        """
        lengths = mask_lengths(mask)
        distinct = lengths.unique().tolist()
        if distinct == [mask.shape[-1]]:
            return run(torch.arange(len(lengths), device=mask.device), mask.shape[-1])
        hop = self.config.hop_length
        wav = mask.new_zeros(len(lengths), 1, hop * mask.shape[-1])
        for length in distinct:
            items = (lengths == length).nonzero().squeeze(1)
            wav[items, :, : hop * length] = run(items, length).to(wav.dtype)
        return wav


def _full_mask(x: Tensor) -> Tensor:
    return x.new_ones(x.shape[0], 1, x.shape[-1])


def _draw(gaussian: tuple[Tensor, Tensor], mask: Tensor) -> Latent:
    mean, log_std = gaussian
    return Latent(mean, log_std, sample_gaussian(mean, log_std, mask))
