"""The hierarchical synthesizer of HierSpeech++: semantic vectors, pitch and a voice to a waveform.

Three latents of one size stand above each other: the speaker-agnostic and the speaker-related semantic one
and the acoustic one. Two flows join neighbours; forward leads down to the semantics, reverse up to the
sound (arXiv 2311.12454, section 3.2).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from hiervox.models.tts.hierspeechpp.config import SynthesizerConfig
from hiervox.models.tts.hierspeechpp.networks.dual_audio_encoder import DualAudioPosteriorEncoder
from hiervox.models.tts.hierspeechpp.networks.prosody_decoder import ProsodyDecoder
from hiervox.models.tts.hierspeechpp.networks.semantic_encoder import SemanticEncoder
from hiervox.models.tts.hierspeechpp.networks.source_generator import SourceGenerator, SourceGeneratorSizes
from hiervox.models.tts.hierspeechpp.networks.source_network import SourceNetwork
from hiervox.models.tts.hierspeechpp.networks.spectral_generator import SpectralGenerator
from hiervox.models.tts.hierspeechpp.networks.transformer_flow import transformer_flow
from hiervox.models.tts.hierspeechpp.networks.voice_encoder import VoiceEncoder
from hiervox.models.tts.hierspeechpp.windowed import WindowedDecoder
from hiervox.modules.encoders.posterior import WaveformEncoder
from hiervox.modules.encoders.style import StyleEncoder
from hiervox.modules.flows.coupling_flow import CouplingFlow
from hiervox.modules.functional.gaussian import Noise, sample_gaussian
from hiervox.modules.functional.masking import mask_lengths, random_segment_starts, slice_segments
from hiervox.processors.audio import SAMPLE_RATE

SPOKEN_NOISE_SCALE = 0.333  # of what `spoken_ratio` says is spoken in training: inference's


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
    frame rate follow the mask, and those above it, whose many convolutions see beyond the end, run on the
    real frames of each item, in windows (see `windowed`).

    Args:
        config: sizes.

    Attributes:
        style_encoder: see `style`.
        voice_encoder: a pretrained speaker encoder's part of the style; None where there is none.
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
        self.style_encoder = StyleEncoder(
            config.style_encoder, mel_channels=config.mel_channels, style_channels=style
        )
        self.voice_encoder: VoiceEncoder | None = None
        if config.speaker_encoder is not None:
            self.voice_encoder = VoiceEncoder(config.speaker_encoder, style_channels=style)
        self.agnostic_prior = self._semantic_prior()
        self.related_prior = self._semantic_prior()
        self.acoustic_posterior = self._acoustic_posterior()
        self.agnostic_flow = self._flow()
        self.related_flow = self._flow()
        self.prosody = ProsodyDecoder(
            config.prosody, bins=config.prosody.bins, latent_channels=latent, style_channels=style
        )
        self.source = SourceNetwork(config.source, latent_channels=latent, style_channels=style)
        self.generator = self._generator()
        self.null_style = nn.Parameter(torch.randn(1, style, 1))

    def _semantic_prior(self) -> SemanticEncoder:
        config = self.config
        return SemanticEncoder(
            config.semantic_prior,
            semantic_channels=config.semantic_channels,
            latent_channels=config.latent_channels,
            style_channels=config.style_channels,
            pitch_ratio=config.pitch_ratio,
        )

    def _acoustic_posterior(self) -> DualAudioPosteriorEncoder:
        config, sizes = self.config, self.config.acoustic_posterior
        return DualAudioPosteriorEncoder(
            sizes,
            WaveformEncoder(sizes.waveform, out_channels=sizes.hidden_channels),
            spectrogram_channels=config.spectrogram_channels,
            latent_channels=config.latent_channels,
            style_channels=config.style_channels,
        )

    def _flow(self) -> CouplingFlow:
        config = self.config
        return transformer_flow(
            config.flow, channels=config.latent_channels, style_channels=config.style_channels
        )

    def _generator(self) -> SourceGenerator | SpectralGenerator:
        config, sizes = self.config, self.config.generator
        channels = {
            "latent_channels": config.latent_channels,
            "source_channels": self.source.out_channels,
            "style_channels": config.style_channels,
        }
        if isinstance(sizes, SourceGeneratorSizes):
            return SourceGenerator(sizes, **channels)
        return SpectralGenerator(sizes, **channels, sample_rate=SAMPLE_RATE)

    def style(self, mel: Tensor, mask: Tensor | None = None, speaker: Tensor | None = None) -> Tensor:
        """Style vector of a prompt.

        Args:
            mel: (B, mel_channels, M), log-mel.
            mask: (B, 1, M); None where no prompt is padded.
            speaker: (B, E), by `speaker`; None where there is no voice encoder.

        Returns:
            (B, style_channels, 1).

        Raises:
            ValueError: there is a voice encoder, and no embedding is given.
        """
        style: Tensor = self.style_encoder(mel, _full_mask(mel) if mask is None else mask)
        if self.voice_encoder is None:
            return style
        if speaker is None:
            raise ValueError("this network needs the speaker embedding of the prompt")
        return style + self.voice_encoder(speaker)

    def speaker(self, prompt: Tensor) -> Tensor | None:
        """Speaker embeddings (B, E) of prompts (B, T) at 16 kHz; None where there is no voice encoder."""
        return None if self.voice_encoder is None else self.voice_encoder.embed(prompt)

    def forward(
        self,
        wav: Tensor,
        linear_spec: Tensor,
        mel: Tensor,
        semantic: Tensor,
        semantic_perturbed: Tensor,
        log_f0: Tensor,
        mask: Tensor,
        mel_mask: Tensor | None = None,
        speaker: Tensor | None = None,
    ) -> SynthesizerOutput:
        """The training pass (section 3.2).

        Args:
            wav: (B, 1, hop * N), clean.
            linear_spec: (B, spectrogram_channels, N), of `wav`.
            mel: (B, mel_channels, M), of what the style comes from: `wav`, or another stretch of its voice.
            semantic: (B, semantic_channels, N), of `wav`.
            semantic_perturbed: (B, semantic_channels, N), of `wav` with its voice disturbed.
            log_f0: (B, 1, pitch_ratio * N), log(Hz + 1).
            mask: (B, 1, N).
            mel_mask: (B, 1, M), of `mel`; None where that is `mask`.
            speaker: (B, E), by `speaker`; None where there is no voice encoder.
        """
        style = self.style(mel, mask if mel_mask is None else mel_mask, speaker)
        acoustic = _draw(self.acoustic_posterior(linear_spec, wav, mask, style), mask)
        related = _draw(self.related_prior(semantic, log_f0, mask, style), mask)
        agnostic = _draw(self.agnostic_prior(semantic_perturbed, log_f0, mask, style), mask)

        z = self._with_some_spoken(acoustic.z, agnostic, mask, style)
        frames, ratio = self.config.slice_frames, self.config.pitch_ratio
        starts = random_segment_starts(mask_lengths(mask), frames)
        z_slice = slice_segments(z, starts, frames)
        generator_style = self._without_some(style)
        features, slice_log_f0 = self.source(z_slice, generator_style)
        source = self.generator.source_signal(
            features, slice_segments(log_f0, ratio * starts, ratio * frames)
        )
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
            wav=self.generator(z_slice, source, generator_style),
        )

    def _with_some_spoken(self, acoustic: Tensor, agnostic: Latent, mask: Tensor, style: Tensor) -> Tensor:
        """In training, the acoustic draw with `spoken_ratio` of the items replaced by what inference has."""
        ratio = self.config.spoken_ratio
        if not self.training or ratio == 0:
            return acoustic
        items = (torch.rand(len(acoustic), device=acoustic.device) < ratio).nonzero().squeeze(1)
        if not len(items):
            return acoustic
        mask, style = mask[items], style[items]
        mean, log_std = agnostic.mean[items], agnostic.log_std[items]
        spoken = sample_gaussian(mean, log_std, mask, self._noise(SPOKEN_NOISE_SCALE))
        spoken = self.agnostic_flow(spoken, mask, style, reverse=True)
        spoken = self.related_flow(spoken, mask, style, reverse=True)
        return acoustic.index_copy(0, items, spoken.to(acoustic.dtype))

    def _noise(self, scale: float) -> float:
        """Of the agnostic prior's draw, where inference asks for `scale`."""
        return self.config.prior_noise * scale

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
        generator: Noise = None,
        floor: Tensor | None = None,
    ) -> Tensor:
        """Speak: agnostic prior, both flows in reverse, source network, generator.

        With noise from a generator for each item, an item's waveform does not depend on its batch.

        Args:
            semantic: (B, semantic_channels, N).
            log_f0: (B, 1, pitch_ratio * N), log(Hz + 1).
            style: (B, style_channels, 1), of the voice to speak in.
            mask: (B, 1, N); None where nothing is padded.
            noise_scale: factor of the prior's standard deviation.
            generator: of the noise.
            floor: (B, bins, 1), by `noise_floor`; None subtracts nothing.

        Returns:
            (B, 1, hop * N) in [-1, 1], zero where `mask` is.
        """
        mask = _full_mask(semantic) if mask is None else mask
        z = self.latent(semantic, log_f0, style, mask, noise_scale, generator)
        return self.sound(z, style, mask, log_f0, floor)

    @torch.no_grad()
    def noise_floor(self, style: Tensor, silence: Tensor) -> Tensor | None:
        """What voices have beside speech, by what they make of silence; with `noise_floor` in the config.

        Args:
            style: (B, style_channels, 1).
            silence: (1, semantic_channels, N), of digital silence; N of at least 4.

        Returns:
            (B, bins, 1), the median over frames of the noise's gain, without the first and last quarter,
            times the config's factor. None where that is 0.
        """
        if not self.config.noise_floor:
            return None
        assert isinstance(self.generator, SpectralGenerator)
        semantic = silence.expand(len(style), -1, -1)
        pitch = semantic.new_zeros(len(style), 1, self.config.pitch_ratio * semantic.shape[-1])
        z = self.latent(semantic, pitch, style, _full_mask(semantic), noise_scale=0.0)
        source = self.generator.source_signal(self.source(z, style)[0], pitch)
        gain = self.generator.noise_gain(z, source, style)
        edge = gain.shape[-1] // 4
        return self.config.noise_floor * gain[..., edge:-edge].median(dim=-1, keepdim=True).values

    @torch.no_grad()
    def latent(
        self,
        semantic: Tensor,
        log_f0: Tensor,
        style: Tensor,
        mask: Tensor,
        noise_scale: float = 0.333,
        generator: Noise = None,
    ) -> Tensor:
        """The first half of `infer`: to the acoustic latent (B, latent_channels, N), masked."""
        mean, log_std = self.agnostic_prior(semantic, log_f0, mask, style)
        z = sample_gaussian(mean, log_std, mask, self._noise(noise_scale), generator)
        z = self.agnostic_flow(z, mask, style, reverse=True)
        return self.related_flow(z, mask, style, reverse=True)

    @torch.no_grad()
    def sound(
        self,
        z: Tensor,
        style: Tensor,
        mask: Tensor,
        log_f0: Tensor | None = None,
        floor: Tensor | None = None,
    ) -> Tensor:
        """The second half of `infer`: acoustic latent (B, C, N) to waveform (B, 1, hop * N).

        A generator that is driven at an F0 takes `log_f0` (B, 1, pitch_ratio * N), or, where it is None, what
        the source network sees in the latent. `floor` is that of `infer`.
        """
        frames = mask_lengths(mask).tolist()
        latents = [latent[:, :length] for latent, length in zip(z, frames, strict=True)]
        pitches = None
        if log_f0 is not None:
            ratio = self.config.pitch_ratio
            pitches = [pitch[:, : ratio * length] for pitch, length in zip(log_f0, frames, strict=True)]
        wavs = self.decoder.decode(latents, style, pitches, floor)
        padded = wavs[0].new_zeros(len(wavs), 1, self.config.hop_length * z.shape[-1])
        for row, wav in zip(padded, wavs, strict=True):
            row[:, : wav.shape[-1]] = wav
        return padded

    @torch.no_grad()
    def stream_sound(
        self, z: Tensor, style: Tensor, log_f0: Tensor | None = None, floor: Tensor | None = None
    ) -> Iterator[Tensor]:
        """`sound` of one utterance (1, C, N) without padding, chunk by chunk (1, 1, T_i)."""
        yield from self.decoder.stream(z, style, log_f0, floor)

    @property
    def decoder(self) -> WindowedDecoder:
        """Source network and generator, for inference."""
        return WindowedDecoder(self.source, self.generator)

    @torch.no_grad()
    def reconstruct(
        self,
        linear_spec: Tensor,
        wav: Tensor,
        style: Tensor,
        mask: Tensor | None = None,
        noise_scale: float = 0.333,
        generator: Noise = None,
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
        mean, log_std = self._posterior_by_length(linear_spec, wav, mask, style)
        return self.sound(sample_gaussian(mean, log_std, mask, noise_scale, generator), style, mask)

    def _posterior_by_length(
        self, linear_spec: Tensor, wav: Tensor, mask: Tensor, style: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The acoustic posterior, once for each length: its waveform branch does not know the mask."""
        lengths, hop = mask_lengths(mask), self.config.hop_length
        mean = linear_spec.new_zeros(len(lengths), self.config.latent_channels, mask.shape[-1])
        log_std = torch.zeros_like(mean)
        for frames in lengths.unique().tolist():
            items = (lengths == frames).nonzero().squeeze(1)
            mean[items, :, :frames], log_std[items, :, :frames] = self.acoustic_posterior(
                linear_spec[items, :, :frames],
                wav[items, :, : hop * frames],
                mask[items, :, :frames],
                style[items],
            )
        return mean, log_std


def _full_mask(x: Tensor) -> Tensor:
    return x.new_ones(x.shape[0], 1, x.shape[-1])


def _draw(gaussian: tuple[Tensor, Tensor], mask: Tensor) -> Latent:
    mean, log_std = gaussian
    return Latent(mean, log_std, sample_gaussian(mean, log_std, mask))
