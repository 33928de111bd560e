"""Phonemes and a style to speech (Kokoro-82M, after StyleTTS 2, arXiv 2306.07691)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from hiervox.models.tts.durations import require_speakable
from hiervox.models.tts.kokoro.config import RATE, KokoroConfig
from hiervox.models.tts.kokoro.networks.encoders import KokoroTextEncoder, build_bert
from hiervox.models.tts.kokoro.networks.generator import HARMONICS, KokoroDecoder
from hiervox.models.tts.kokoro.networks.prosody import ProsodyPredictor


@dataclass
class KokoroFrames:
    """A text on its way to sound.

    Attributes:
        text: (1, C, N), spread over frames.
        f0: (1, 2 N) in Hz.
        energy: (1, 2 N).
        durations: (1, L) frames of each token.
    """

    text: Tensor
    f0: Tensor
    energy: Tensor
    durations: Tensor


class Kokoro(nn.Module):
    """Text encoder, prosody, decoder, and the styles of voices; for inference.

    Args:
        config: sizes.
    """

    styles: Tensor

    def __init__(self, config: KokoroConfig) -> None:
        super().__init__()
        self.config = config
        style_channels = config.style_channels
        self.bert = build_bert(config.n_symbols, config.bert)
        self.bert_projection = nn.Linear(config.bert.channels, config.channels)
        self.prosody = ProsodyPredictor(
            config.channels, style_channels, config.n_layers, config.longest_duration
        )
        self.text_encoder = KokoroTextEncoder(config.n_symbols, config.channels, config.n_layers)
        self.decoder = KokoroDecoder(
            config.generator, channels=config.channels, style_channels=style_channels, rate=RATE
        )
        self.register_buffer("styles", torch.zeros(len(config.voices), config.style_rows, 2 * style_channels))

    def encode_prosody(self, tokens: Tensor, style: Tensor) -> Tensor:
        """What durations and contours are predicted from, (1, L, C + S).

        Args:
            tokens: (1, L), 0 at both ends.
            style: (1, 2 S), of sound and of prosody.
        """
        read = self.bert(input_ids=tokens).last_hidden_state
        encoded: Tensor = self.prosody.encoder(
            self.bert_projection(read), style[:, self.config.style_channels :]
        )
        return encoded

    def frames(self, tokens: Tensor, style: Tensor, rates: Tensor | float = 1.0) -> KokoroFrames:
        """A text to text, F0 and energy of frames.

        Args:
            tokens: (1, L), 0 at both ends.
            style: (1, 2 S), of sound and of prosody.
            rates: (1, L) by which each token is hastened, or one for all.

        Raises:
            CheckpointError: a duration is not a number.
        """
        encoded = self.encode_prosody(tokens, style)
        predicted = self.prosody.durations(encoded)
        require_speakable(predicted.mean(1), self.config.longest_duration)
        durations = (predicted / rates).round().clamp_min(1).long()
        counts = durations[0]
        f0, energy = self.prosody.contours(
            encoded.repeat_interleave(counts, dim=1), style[:, self.config.style_channels :]
        )
        text = self.text_encoder(tokens).repeat_interleave(counts, dim=2)
        return KokoroFrames(text, f0, energy, durations)

    def decode(self, frames: KokoroFrames, style: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Text, F0 and energy of frames to a waveform (1, N * frame_length) at 24 kHz.

        Args:
            frames: of `frames`.
            style: (1, 2 S), of sound and of prosody.
            generator: of the source's noise, on any device; torch's own where None.
        """
        generate, sound = self.decoder.generator, style[:, : self.config.style_channels]
        shape = 1, frames.f0.shape[1] * generate.sizes.upsampling, HARMONICS
        device = frames.f0.device if generator is None else generator.device
        noise = torch.randn(shape, generator=generator, device=device).to(frames.f0)
        hidden = self.decoder.hidden(frames.text, frames.f0, frames.energy, sound)
        wav: Tensor = generate(hidden, sound, generate.spectrum(generate.source(frames.f0, noise)))
        return wav
