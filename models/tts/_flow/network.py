"""Text to frames by a flow whose prior is aligned text (Glow-TTS, arXiv 2005.11129)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from hiervox.models.tts._flow.config import NOISE_SCALE, FlowModelConfig
from hiervox.models.tts._voices.network import SpeakerNetwork
from hiervox.models.tts.drawn_frames import DrawnFrames
from hiervox.models.tts.durations import read_apart, require_speakable
from hiervox.modules.alignment.monotonic import gaussian_log_likelihood, generate_path, maximum_path
from hiervox.modules.encoders.phoneme import PhonemeEncoder
from hiervox.modules.flows.glow import GlowFlow
from hiervox.modules.functional.gaussian import Noise, sample_gaussian
from hiervox.modules.functional.masking import sequence_mask
from hiervox.modules.predictors.duration import LEAST_DURATION, DurationPredictor

NORM_EPS = 1e-4  # of the published layer norms
MAX_FRAMES_PER_TOKEN = 100  # a second to each symbol and each blank; speech has 1 to 6 frames
SPEAKER_RANGE = 0.1  # the published table starts uniform within ±0.1


@dataclass
class FlowOutput:
    """A training pass, everything that the losses need; T is N without the odd last frames.

    Attributes:
        z: (B, C, T) the frames after the flow.
        log_determinant: (B,) of the flow.
        mean, log_std: (B, C, T) of the prior, spread over frames by the alignment.
        mask: (B, 1, T) of real frames.
        token_mask: (B, 1, L) of real tokens.
        alignment: (B, T, L) of 0 and 1.
        log_durations: (B, 1, L) as predicted.
        target_log_durations: (B, 1, L) by the alignment.
    """

    z: Tensor
    log_determinant: Tensor
    mean: Tensor
    log_std: Tensor
    mask: Tensor
    token_mask: Tensor
    alignment: Tensor
    log_durations: Tensor
    target_log_durations: Tensor


class FlowTextToFrames(SpeakerNetwork):
    """Text encoder, duration predictor, flow.

    Args:
        config: sizes.
    """

    def __init__(self, config: FlowModelConfig) -> None:
        super().__init__(config)
        self.config = config
        style_channels = config.condition_channels
        if config.voice == "table":
            nn.init.uniform_(self.speaker_table.weight, -SPEAKER_RANGE, SPEAKER_RANGE)
        self.text_encoder = PhonemeEncoder(
            config.text_encoder,
            n_symbols=config.n_symbols,
            channels=config.channels,
            out_channels=config.frame_channels,
            norm_eps=NORM_EPS,
        )
        self.duration_predictor = DurationPredictor(
            config.channels,
            config.duration,
            style_channels=style_channels,
            concatenate_style=True,
            norm_eps=NORM_EPS,
        )
        self.flow = GlowFlow(config.frame_channels, style_channels, config.flow)

    def table_style(self, speakers: Tensor) -> Tensor:
        """Rows (B,) of the speaker table → speaker vectors (B, style_channels, 1) of length 1."""
        return functional.normalize(super().table_style(speakers))

    def reference_style(self, mel: Tensor, mask: Tensor) -> Tensor:
        """Frames (B, C, N) of references, mask (B, 1, N) → (B, style_channels, 1) of length 1."""
        return functional.normalize(super().reference_style(mel, mask))

    def frame_style(self, frames: Tensor, mask: Tensor, speakers: Tensor | None) -> Tensor | None:
        """Speaker vectors (B, style_channels, 1) of clips; None for one speaker.

        Args:
            frames: (B, C, N) of the clips, which an encoder of references reads.
            mask: (B, 1, N).
            speakers: rows (B,) of the speaker table, where there is one.
        """
        return self.style(frames if self.config.voice == "reference" else speakers, mask)

    def forward(
        self,
        frames: Tensor,
        frame_lengths: Tensor,
        tokens: Tensor,
        token_lengths: Tensor,
        speakers: Tensor | None = None,
    ) -> FlowOutput:
        """The training pass.

        Args:
            frames: (B, C, N), such as log-mel; the odd last frame of an item is left out.
            frame_lengths: (B,), without odd frames each at least the item's token length.
            tokens: (B, L), with blanks between where the config wants them.
            token_lengths: (B,).
            speakers: rows (B,) of the speaker table, where there is one.

        Raises:
            ValueError: a clip has fewer frames than tokens.
        """
        frame_lengths = self.flow.whole(frame_lengths)
        frames = frames[:, :, : self.flow.whole(frames.size(2))]
        mask = sequence_mask(frame_lengths, frames.size(2))
        token_mask = sequence_mask(token_lengths, tokens.size(1))
        style = self.frame_style(frames, mask, speakers)
        hidden, mean, log_std = self.text_encoder(tokens, token_mask)
        z, log_determinant = self.flow(frames, mask, style)
        with torch.no_grad():
            both = mask.transpose(1, 2) * token_mask
            alignment = maximum_path(gaussian_log_likelihood(z, mean, log_std) * both, both)
        return FlowOutput(
            z=z,
            log_determinant=log_determinant,
            mean=mean @ alignment.mT,
            log_std=log_std @ alignment.mT,
            mask=mask,
            token_mask=token_mask,
            alignment=alignment,
            log_durations=self.duration_predictor.log_durations(hidden, token_mask, style),
            target_log_durations=(alignment.sum(1, keepdim=True) + LEAST_DURATION).log() * token_mask,
        )

    @torch.no_grad()
    def infer(
        self,
        tokens: Tensor,
        token_lengths: Tensor,
        style: Tensor | None = None,
        noise_scale: float = NOISE_SCALE,
        length_scale: float | Tensor = 1.0,
        generator: Noise = None,
    ) -> DrawnFrames:
        """From tokens to frames.

        Without noise, or with a generator for each item, an item's result does not depend on the others of
        its batch.

        Args:
            tokens: (B, L), with blanks between where the config wants them.
            token_lengths: (B,).
            style: (B, style_channels, 1); None where there is one speaker.
            noise_scale: of the prior's standard deviation.
            length_scale: factor of the durations, larger is slower: one for all, or (B, 1, L).
            generator: of the noise, on any device; torch's own where None.

        Raises:
            CheckpointError: the predicted durations are beyond any speech.
        """
        token_mask = sequence_mask(token_lengths, tokens.size(1))
        apart = isinstance(generator, Sequence)
        mean, log_std, log_durations = self.read_text(tokens, token_mask, style, apart)
        lengths = torch.exp(log_durations) * token_mask
        require_speakable(lengths.sum((1, 2)) / token_lengths, MAX_FRAMES_PER_TOKEN)
        durations = torch.ceil(lengths * length_scale).squeeze(1)
        frame_lengths = self.flow.whole(durations.sum(1).long()).clamp_min(self.flow.squeeze)
        mask = sequence_mask(frame_lengths)
        alignment = generate_path(durations, mask.transpose(1, 2) * token_mask)
        z = sample_gaussian(mean @ alignment.mT, log_std @ alignment.mT, mask, noise_scale, generator)
        return DrawnFrames(self.flow.inverse(z, mask, style), frame_lengths, alignment.sum(1).long())

    def read_text(
        self, tokens: Tensor, mask: Tensor, style: Tensor | None, apart: bool = False
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Prior mean and log standard deviation (B, C, L) and log-durations (B, 1, L).

        Args:
            tokens: (B, L).
            mask: (B, 1, L).
            style: (B, style_channels, 1), or None.
            apart: whether to read the items one by one (`read_apart`).
        """
        if apart:

            def read(
                item: int, own: Tensor, own_mask: Tensor, own_style: Tensor | None
            ) -> tuple[Tensor, ...]:
                return self.read_text(own, own_mask, own_style)

            mean, log_std, log_durations = read_apart(read, tokens, mask, style)
            return mean, log_std, log_durations
        hidden, mean, log_std = self.text_encoder(tokens, mask)
        return mean, log_std, self.duration_predictor.log_durations(hidden, mask, style)

    @torch.no_grad()
    def convert(self, frames: Tensor, source: Tensor, target: Tensor) -> Tensor:
        """Frames (1, C, N) in another voice: through the flow with one style, back with the other.

        Args:
            frames: of a recording; an odd last one is left out.
            source, target: (1, style_channels, 1).
        """
        frames = frames[:, :, : frames.shape[2] // self.flow.squeeze * self.flow.squeeze]
        mask = torch.ones_like(frames[:, :1])
        return self.flow.inverse(self.flow(frames, mask, source)[0], mask, target)
