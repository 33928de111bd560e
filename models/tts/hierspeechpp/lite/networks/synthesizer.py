"""The hierarchical synthesizer with the options of `LiteSynthesizerConfig`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from hiervox.models.tts._hierarchy.config import SynthesizerConfig
from hiervox.models.tts._hierarchy.networks.synthesizer import (
    HierarchicalSynthesizer,
    Latent,
    full_mask,
)
from hiervox.models.tts._hierarchy.windowed import Source, SplitGenerator, WindowedDecoder, WindowSizes
from hiervox.models.tts.hierspeechpp.lite.config import LiteSynthesizerConfig
from hiervox.models.tts.hierspeechpp.lite.networks.spectral_generator import (
    SpectralGenerator,
    SpectralGeneratorSizes,
)
from hiervox.models.tts.hierspeechpp.lite.networks.voice_encoder import VoiceEncoder
from hiervox.modules.functional.gaussian import Noise, sample_gaussian
from hiervox.modules.functional.windows import Window, cut
from hiervox.processors.audio import SAMPLE_RATE

SPOKEN_NOISE_SCALE = 0.333  # of what `prior_sampling_ratio` says is spoken in training: inference's
MOST_FLOORS = 64
"""Voices whose noise floors are kept."""


class LiteSynthesizer(HierarchicalSynthesizer):
    """All networks of the synthesizer.

    Args:
        config: sizes and options.

    Attributes:
        voice_encoder: a pretrained speaker encoder's part of the style; None where there is none.
        silence: returns the semantic vectors of digital silence (1, semantic_channels, N), N of at least 4;
            None in training, where no noise floor is subtracted.
    """

    config: LiteSynthesizerConfig

    def __init__(self, config: LiteSynthesizerConfig) -> None:
        super().__init__(config)
        self.voice_encoder: VoiceEncoder | None = None
        if config.speaker_encoder is not None:
            self.voice_encoder = VoiceEncoder(config.speaker_encoder, style_channels=config.style_channels)
        self.silence: Callable[[], Tensor] | None = None
        self._floors: dict[bytes, Tensor] = {}

    def build_generator(self) -> SplitGenerator:
        """The published one, or that of an inverse STFT."""
        config, sizes = self.config, self.config.generator
        if not isinstance(sizes, SpectralGeneratorSizes):
            return super().build_generator()
        return SpectralGenerator(
            sizes,
            latent_channels=config.latent_channels,
            source_channels=self.source.out_channels,
            style_channels=config.style_channels,
            sample_rate=SAMPLE_RATE,
        )

    def style(self, mel: Tensor, mask: Tensor | None = None, speaker: Tensor | None = None) -> Tensor:
        """Style vector of a prompt.

        Args:
            mel, mask: as published.
            speaker: (B, E), by `speaker`; None where there is no voice encoder.

        Raises:
            ValueError: there is a voice encoder, and no embedding is given.
        """
        style = super().style(mel, mask)
        if self.voice_encoder is None:
            return style
        if speaker is None:
            raise ValueError("this network needs the speaker embedding of the prompt")
        return style + self.voice_encoder(speaker)

    def speaker(self, prompt: Tensor) -> Tensor | None:
        """Speaker embeddings (B, E) of prompts (B, T) at 16 kHz; None where there is no voice encoder."""
        return None if self.voice_encoder is None else self.voice_encoder.embed(prompt)

    def latent_to_decode(self, acoustic: Latent, agnostic: Latent, mask: Tensor, style: Tensor) -> Tensor:
        """In training, the acoustic draw with `prior_sampling_ratio` of the items as inference has them."""
        ratio = self.config.prior_sampling_ratio
        if not self.training or ratio == 0:
            return acoustic.z
        items = (torch.rand(len(acoustic.z), device=acoustic.z.device) < ratio).nonzero().squeeze(1)
        if not len(items):
            return acoustic.z
        mask, style = mask[items], style[items]
        noise_scale = self.config.prior_temperature * SPOKEN_NOISE_SCALE
        spoken = sample_gaussian(agnostic.mean[items], agnostic.log_std[items], mask, noise_scale)
        return acoustic.z.index_copy(0, items, self.as_acoustic(spoken, mask, style).to(acoustic.z.dtype))

    def decode_slice(self, z: Tensor, style: Tensor, log_f0: Tensor) -> tuple[Tensor, Tensor]:
        """As published; the spectral generator is driven by the recorded F0."""
        if not isinstance(self.generator, SpectralGenerator):
            return super().decode_slice(z, style, log_f0)
        features, predicted = self.source(z, style)
        return self.generator(z, self.generator.source_signal(features, log_f0), style), predicted

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
        """As published, the noise scale times `prior_temperature`."""
        noise_scale *= self.config.prior_temperature
        return super().latent(semantic, log_f0, style, mask, noise_scale, generator, lengths)

    @property
    def decoder(self) -> WindowedDecoder:
        """As published; the spectral generator is driven by the source network's F0."""
        if not self._is_spectral:
            return super().decoder
        return ExcitedDecoder(self.source, self.generator, self.window_sizes)

    @property
    def _is_spectral(self) -> bool:
        return isinstance(self.generator, SpectralGenerator)

    def driven_decoder(self, log_f0: Tensor | None, style: Tensor, lengths: Sequence[int]) -> WindowedDecoder:
        """As published; the spectral generator is driven by `log_f0`, and the noise floor subtracted."""
        if not self._is_spectral:
            return super().driven_decoder(log_f0, style, lengths)
        if log_f0 is None:
            raise ValueError("the spectral generator is driven by log_f0")
        ratio = self.config.pitch_ratio
        pitches = [pitch[:, : ratio * length] for pitch, length in zip(log_f0, lengths, strict=True)]
        return ExcitedDecoder(
            self.source, self.generator, self.window_sizes, log_f0=pitches, floor=self.noise_floor(style)
        )

    @torch.inference_mode()
    def noise_floor(self, style: Tensor) -> Tensor | None:
        """What voices have beside speech, by what they make of silence; each is computed once.

        Args:
            style: (B, style_channels, 1).

        Returns:
            (B, bins, 1), the median over frames of the noise's gain, without the first and last quarter,
            times the config's factor. None where that is 0, or where there is no `silence`.
        """
        if not self.config.noise_floor or self.silence is None:
            return None
        floors = []
        for row in style:
            key = _key(row)
            if key not in self._floors:
                if len(self._floors) == MOST_FLOORS:
                    self._floors.clear()
                self._floors[key] = self._floor(row[None], self.silence())
            floors.append(self._floors[key])
        return self.config.noise_floor * torch.cat(floors)

    def keep_noise_gains(self, styles: Tensor, gains: Tensor) -> None:
        """Take known medians of the noise's gain, by `noise_floor` with a factor of 1.

        Args:
            styles: (V, style_channels, 1).
            gains: (V, bins, 1).
        """
        for style, gain in zip(styles, gains, strict=True):
            self._floors[_key(style)] = gain[None]

    def _floor(self, style: Tensor, silence: Tensor) -> Tensor:
        assert isinstance(self.generator, SpectralGenerator)
        pitch = silence.new_zeros(1, 1, self.config.pitch_ratio * silence.shape[-1])
        z = self.latent(silence, pitch, style, full_mask(silence), noise_scale=0.0)
        source = self.generator.source_signal(self.source(z, style)[0], pitch)
        gain = self.generator.noise_gain(z, source, style)
        edge = gain.shape[-1] // 4
        return gain[..., edge:-edge].median(dim=-1, keepdim=True).values


def _key(style: Tensor) -> bytes:
    return style.float().cpu().numpy().tobytes()


def build_synthesizer(config: SynthesizerConfig) -> HierarchicalSynthesizer:
    """The network of a config: with options, or, of a config that has none, the published one."""
    if isinstance(config, LiteSynthesizerConfig):
        return LiteSynthesizer(config)
    return HierarchicalSynthesizer(config)


class ExcitedDecoder(WindowedDecoder):
    """Source network and spectral generator, in windows.

    Args:
        source, generator, sizes: as of `WindowedDecoder`.
        log_f0: (1, backbone_rate * N_i) each, of what drives the generator; the source network's where None.
        floor: (B, bins, 1), by `LiteSynthesizer.noise_floor`; None subtracts nothing.
    """

    generator: SpectralGenerator

    def __init__(
        self,
        source: Source,
        generator: SplitGenerator,
        sizes: WindowSizes | None = None,
        *,
        log_f0: Sequence[Tensor] | None = None,
        floor: Tensor | None = None,
    ) -> None:
        super().__init__(source, generator, sizes)
        self.log_f0, self.floor = log_f0, floor

    def sources(self, latents: Sequence[Tensor], style: Tensor) -> list[Tensor]:
        """Features and excitation; phases run on through an utterance, so it is made of the whole."""
        outputs = self.source_outputs(latents, style)
        pitches = [output[-1:] for output in outputs] if self.log_f0 is None else self.log_f0
        return [
            self.generator.source_signal(output[None, :-1], pitch[None])[0]
            for output, pitch in zip(outputs, pitches, strict=True)
        ]

    def backbone(
        self, latents: Sequence[Tensor], sources: Sequence[Tensor], style: Tensor, windows: Sequence[Window]
    ) -> Tensor:
        """With the noise floor subtracted."""
        source = cut(sources, windows, self.generator.backbone_rate)
        items = [window.item for window in windows]
        floor = None if self.floor is None else self.floor[items]
        return self.generator.backbone(cut(latents, windows), source, style[items], floor)
