"""The hierarchical synthesizer of HierSpeech++ and HierVST: semantic vectors and a voice to a waveform.

Three latents of one size stand above each other: the speaker-agnostic and the speaker-related semantic one
and the acoustic one. Two flows join neighbours; forward leads down to the semantics, reverse up to the
sound (HierSpeech++, arXiv 2311.12454, section 3.2).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from hiervox.models.tts._hierarchy.config import SynthesizerConfig
from hiervox.models.tts._hierarchy.networks.dual_audio_encoder import DualAudioPosteriorEncoder
from hiervox.models.tts._hierarchy.networks.prosody_decoder import ProsodyDecoder
from hiervox.models.tts._hierarchy.networks.semantic_encoder import SemanticEncoder
from hiervox.models.tts._hierarchy.networks.source_generator import SourceGenerator
from hiervox.models.tts._hierarchy.networks.source_network import NoSource, SourceNetwork
from hiervox.models.tts._hierarchy.networks.transformer_flow import transformer_flow
from hiervox.models.tts._hierarchy.windowed import SplitGenerator, WindowedDecoder, WindowSizes
from hiervox.modules.encoders.posterior import PosteriorEncoder, WaveformEncoder
from hiervox.modules.encoders.style import StyleEncoder
from hiervox.modules.flows.coupling_flow import CouplingFlow
from hiervox.modules.flows.wavenet_coupling import wavenet_flow
from hiervox.modules.functional.gaussian import Latent, Noise, sample_gaussian
from hiervox.modules.functional.masking import mask_lengths, random_segment_starts, slice_segments


@dataclass
class Neighbours:
    """Two latents that a flow joins.

    Attributes:
        upper, lower: the one nearer to the sound, and the one nearer to what is said.
        upper_as_lower: (B, C, N), the upper draw through the flow.
        lower_as_upper: (B, C, N), the lower draw back through it; None where that is not learnt.
    """

    upper: Latent
    lower: Latent
    upper_as_lower: Tensor
    lower_as_upper: Tensor | None


@dataclass
class SynthesizerOutput:
    """A training pass, everything that the losses need.

    Attributes:
        acoustic: the acoustic latent, above the highest semantic one.
        semantic: the speaker-related latent above the agnostic one; None where there is one of them alone.
        prosody_mel: (B, prosody bins, N); None where there is no prosody decoder.
        mask: (B, 1, N) of real frames.
        slice_starts: (B,) first frame of each slice.
        slice_mask: (B, 1, slice frames), of the slices' real frames.
        log_f0: (B, 1, pitch ratio * slice frames), of the slices.
        wav: (B, 1, hop length * slice frames), of the slices.
    """

    acoustic: Neighbours
    semantic: Neighbours | None
    prosody_mel: Tensor | None
    mask: Tensor
    slice_starts: Tensor
    slice_mask: Tensor
    log_f0: Tensor
    wav: Tensor


class HierarchicalSynthesizer(nn.Module):
    """All networks of the synthesizer.

    Padding never changes what `style` and `infer` compute for real frames: the stages at the frame rate
    follow the mask, and those above it, whose many convolutions see beyond the end, run on the real frames of
    each item, in windows (see `windowed`).

    What a variant has otherwise it overrides: `build_generator`, `style`, `latent_to_decode`, `decode_slice`,
    `decoder`, `driven_decoder`.

    Args:
        config: sizes.

    Attributes:
        style_encoder: see `style`.
        agnostic_prior, related_prior: semantic encoders of the two lower latents.
        acoustic_posterior: encoder of the acoustic latent from audio, see `posterior`.
        agnostic_flow: speaker-related latent → agnostic one.
        related_flow: acoustic latent → speaker-related one; without that, `related_prior` and
            `agnostic_flow`, to the agnostic one.
        prosody: lowest mel bins from the highest semantic latent; None where there is no such decoder.
        source: features and log-F0 at the rate of F0 from the acoustic latent.
        generator: waveform from the acoustic latent and the source features.
        null_style: (1, S, 1), stands for the style where there is none.
        window_sizes: of the decoder in inference; None for those that suit passes of any shape.
    """

    window_sizes: WindowSizes | None = None

    def __init__(self, config: SynthesizerConfig) -> None:
        super().__init__()
        self.config = config
        latent, style = config.latent_channels, config.style_channels
        self.style_encoder = StyleEncoder(
            config.style_encoder, mel_channels=config.mel_channels, style_channels=style
        )
        self.agnostic_prior = self._semantic_prior()
        if config.hierarchical:
            self.related_prior = self._semantic_prior()
        self.acoustic_posterior = self._acoustic_posterior()
        if config.hierarchical:
            self.agnostic_flow = self._flow()
        self.related_flow = self._flow()
        self.prosody = None
        if config.prosody is not None:
            self.prosody = ProsodyDecoder(
                config.prosody, bins=config.prosody.bins, latent_channels=latent, style_channels=style
            )
        self.source: SourceNetwork | NoSource = (
            NoSource(config.pitch_ratio)
            if config.source is None
            else SourceNetwork(config.source, latent_channels=latent, style_channels=style)
        )
        self.generator: SplitGenerator = self.build_generator()
        self.null_style = nn.Parameter(torch.randn(1, style, 1))

    def _semantic_prior(self) -> SemanticEncoder:
        config = self.config
        return SemanticEncoder(
            config.semantic_prior,
            semantic_channels=config.semantic_channels,
            latent_channels=config.latent_channels,
            style_channels=config.style_channels,
            pitch_ratio=config.pitch_ratio if config.source_filter else 0,
        )

    def _acoustic_posterior(self) -> DualAudioPosteriorEncoder | PosteriorEncoder:
        config, sizes = self.config, self.config.acoustic_posterior
        if not config.dual_audio:
            return PosteriorEncoder(
                sizes,
                in_channels=config.spectrogram_channels,
                latent_channels=config.latent_channels,
                style_channels=config.style_channels,
            )
        return DualAudioPosteriorEncoder(
            sizes,
            WaveformEncoder(sizes.waveform, out_channels=sizes.hidden_channels),
            spectrogram_channels=config.spectrogram_channels,
            latent_channels=config.latent_channels,
            style_channels=config.style_channels,
        )

    def _flow(self) -> CouplingFlow:
        sizes, channels, style_channels = (
            self.config.flow,
            self.config.latent_channels,
            self.config.style_channels,
        )
        if sizes.kind == "transformer":
            return transformer_flow(sizes, channels=channels, style_channels=style_channels)
        return wavenet_flow(
            sizes, channels=channels, n_couplings=sizes.n_couplings, style_channels=style_channels
        )

    def build_generator(self) -> SplitGenerator:
        """From latent, source features and style to the waveform."""
        config = self.config
        return SourceGenerator(
            config.generator,
            latent_channels=config.latent_channels,
            source_channels=self.source.out_channels,
            style_channels=config.style_channels,
        )

    def style(self, mel: Tensor, mask: Tensor | None = None) -> Tensor:
        """Style vector of a prompt.

        Args:
            mel: (B, mel_channels, M), log-mel.
            mask: (B, 1, M); None where no prompt is padded.

        Returns:
            (B, style_channels, 1).
        """
        style: Tensor = self.style_encoder(mel, full_mask(mel) if mask is None else mask)
        return style

    def forward(
        self,
        wav: Tensor,
        linear_spec: Tensor,
        prompt: Sequence[Tensor],
        semantic: Tensor,
        semantic_perturbed: Tensor,
        log_f0: Tensor,
        mask: Tensor,
    ) -> SynthesizerOutput:
        """The training pass (section 3.2).

        Args:
            wav: (B, 1, hop * N), clean.
            linear_spec: (B, spectrogram_channels, N), of `wav`.
            prompt: what `style` takes, as published of `wav`.
            semantic: (B, semantic_channels, N), of `wav`.
            semantic_perturbed: (B, semantic_channels, N), of `wav` with its voice disturbed.
            log_f0: (B, 1, pitch_ratio * N), log(Hz + 1).
            mask: (B, 1, N).
        """
        style = self.style(*prompt)
        acoustic = _draw(self.posterior(linear_spec, wav, mask, style), mask)
        related = None
        if self.config.hierarchical:
            related = _draw(self.related_prior(semantic, log_f0, mask, style), mask)
        agnostic = _draw(self.agnostic_prior(semantic_perturbed, log_f0, mask, style), mask)

        z = self.latent_to_decode(acoustic, agnostic, mask, style)
        frames, ratio = self.config.slice_frames, self.config.pitch_ratio
        starts = random_segment_starts(mask_lengths(mask), frames)
        sound, slice_log_f0 = self.decode_slice(
            slice_segments(z, starts, frames),
            self._without_some(style),
            slice_segments(log_f0, ratio * starts, ratio * frames),
        )
        highest = agnostic if related is None else related
        return SynthesizerOutput(
            acoustic=self._joined(self.related_flow, acoustic, highest, mask, style),
            semantic=None
            if related is None
            else self._joined(self.agnostic_flow, related, agnostic, mask, style),
            prosody_mel=None if self.prosody is None else self.prosody(highest.z, mask, style),
            mask=mask,
            slice_starts=starts,
            slice_mask=slice_segments(mask, starts, frames),
            log_f0=slice_log_f0,
            wav=sound,
        )

    def posterior(
        self, linear_spec: Tensor, wav: Tensor, mask: Tensor, style: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Mean and log standard deviation (B, latent_channels, N) of the acoustic latent of recordings.

        Args:
            linear_spec, wav, mask: as for `forward`; with `dual_audio` off, `wav` is not looked at.
            style: (B, style_channels, 1).
        """
        encoder = self.acoustic_posterior
        if isinstance(encoder, PosteriorEncoder):
            gaussian: tuple[Tensor, Tensor] = encoder(linear_spec, mask, style)
        else:
            gaussian = encoder(linear_spec, wav, mask, style)
        return gaussian

    def _joined(
        self, flow: CouplingFlow, upper: Latent, lower: Latent, mask: Tensor, style: Tensor
    ) -> Neighbours:
        both_ways = self.config.bidirectional
        return Neighbours(
            upper,
            lower,
            upper_as_lower=flow(upper.z, mask, style),
            lower_as_upper=flow(lower.z, mask, style, reverse=True) if both_ways else None,
        )

    def latent_to_decode(self, acoustic: Latent, agnostic: Latent, mask: Tensor, style: Tensor) -> Tensor:
        """The latent (B, latent_channels, N) that training decodes: the acoustic posterior's draw."""
        return acoustic.z

    def decode_slice(self, z: Tensor, style: Tensor, log_f0: Tensor) -> tuple[Tensor, Tensor]:
        """The sound of slices in training, and the log-F0 that the source network sees in them.

        Args:
            z: (B, latent_channels, N), the slices' latents.
            style: (B, style_channels, 1).
            log_f0: (B, 1, pitch_ratio * N), recorded, for generators that are driven by it.
        """
        features, predicted = self.source(z, style)
        return self.generator(z, features, style), predicted

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
        log_f0: Tensor | None,
        style: Tensor,
        mask: Tensor | None = None,
        noise_scale: float = 0.333,
        generator: Noise = None,
        lengths: Sequence[int] | None = None,
    ) -> Tensor:
        """Speak: agnostic prior, the flows in reverse, source network, generator.

        With noise from a generator for each item, an item's waveform does not depend on its batch.

        Args:
            semantic: (B, semantic_channels, N).
            log_f0: (B, 1, pitch_ratio * N), log(Hz + 1); None for encoders that take none.
            style: (B, style_channels, 1), of the voice to speak in.
            mask: (B, 1, N); None where nothing is padded.
            noise_scale: factor of the prior's standard deviation.
            generator: of the noise.
            lengths: frames of each item, as `mask` has them; None reads them back from it.

        Returns:
            (B, 1, hop * N) in [-1, 1], zero where `mask` is.
        """
        mask, lengths = mask_and_lengths(semantic, mask, lengths)
        z = self.latent(semantic, log_f0, style, mask, noise_scale, generator, lengths)
        return self.driven_decoder(log_f0, style, lengths).padded(z, style, lengths)

    @torch.no_grad()
    def stream(
        self,
        semantic: Tensor,
        log_f0: Tensor | None,
        style: Tensor,
        noise_scale: float = 0.333,
        generator: Noise = None,
    ) -> Iterator[Tensor]:
        """`infer` of one utterance, chunk by chunk (1, 1, T_i); prior and flows see it as a whole before."""
        mask, lengths = mask_and_lengths(semantic)
        z = self.latent(semantic, log_f0, style, mask, noise_scale, generator, lengths)
        yield from self.driven_decoder(log_f0, style, lengths).stream(z, style)

    @torch.no_grad()
    def latent(
        self,
        semantic: Tensor,
        log_f0: Tensor | None,
        style: Tensor,
        mask: Tensor,
        noise_scale: float = 0.333,
        generator: Noise = None,
        lengths: Sequence[int] | None = None,
    ) -> Tensor:
        """The first half of `infer`: to the acoustic latent (B, latent_channels, N), masked."""
        mean, log_std = self.agnostic_prior(semantic, log_f0, mask, style)
        z = sample_gaussian(mean, log_std, mask, noise_scale, generator, lengths)
        return self.as_acoustic(z, mask, style)

    def as_acoustic(self, agnostic: Tensor, mask: Tensor, style: Tensor) -> Tensor:
        """The agnostic latent (B, latent_channels, N) up through the flows."""
        if self.config.hierarchical:
            agnostic = self.agnostic_flow(agnostic, mask, style, reverse=True)
        acoustic: Tensor = self.related_flow(agnostic, mask, style, reverse=True)
        return acoustic

    @property
    def decoder(self) -> WindowedDecoder:
        """Source network and generator, for inference."""
        return WindowedDecoder(self.source, self.generator, self.window_sizes)

    def driven_decoder(self, log_f0: Tensor | None, style: Tensor, lengths: Sequence[int]) -> WindowedDecoder:
        """`decoder`, for speech of a given F0.

        Args:
            log_f0, style, lengths: as of `infer`.
        """
        return self.decoder

    @torch.no_grad()
    def reconstruct(
        self,
        linear_spec: Tensor,
        wav: Tensor,
        style: Tensor,
        noise_scale: float = 0.333,
        generator: Noise = None,
    ) -> Tensor:
        """Copy-synthesis of recordings of one length: acoustic posterior, source network, generator.

        Args:
            linear_spec: (B, spectrogram_channels, N).
            wav: (B, 1, hop * N), what `linear_spec` is of.
            style: (B, style_channels, 1).
            noise_scale: factor of the posterior's standard deviation.
            generator: of the noise.

        Returns:
            (B, 1, hop * N) in [-1, 1].
        """
        mask, lengths = mask_and_lengths(linear_spec)
        mean, log_std = self.posterior(linear_spec, wav, mask, style)
        z = sample_gaussian(mean, log_std, mask, noise_scale, generator, lengths)
        return self.decoder.padded(z, style, lengths)


def full_mask(x: Tensor) -> Tensor:
    """The mask (B, 1, N) of sequences (B, C, N) without padding."""
    return x.new_ones(x.shape[0], 1, x.shape[-1])


def mask_and_lengths(
    x: Tensor, mask: Tensor | None = None, lengths: Sequence[int] | None = None
) -> tuple[Tensor, Sequence[int]]:
    """The mask (B, 1, N) of sequences (B, C, N) and their lengths; without a mask nothing is padded."""
    if mask is None:
        return full_mask(x), [x.shape[-1]] * x.shape[0]
    return mask, mask_lengths(mask).tolist() if lengths is None else lengths


def _draw(gaussian: tuple[Tensor, Tensor], mask: Tensor) -> Latent:
    mean, log_std = gaussian
    return Latent(mean, log_std, sample_gaussian(mean, log_std, mask))
