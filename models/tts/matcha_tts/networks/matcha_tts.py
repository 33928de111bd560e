"""Text to log-mel spectrograms by conditional flow matching (Matcha-TTS, arXiv 2309.03199)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from hiervox.models.tts._voices.network import SpeakerNetwork
from hiervox.models.tts.drawn_frames import DrawnFrames
from hiervox.models.tts.durations import require_frames, require_speakable
from hiervox.models.tts.matcha_tts.config import STEPS, TEMPERATURE, MatchaConfig
from hiervox.models.tts.matcha_tts.networks.text_encoder import NORM_EPS, MatchaTextEncoder
from hiervox.models.tts.matcha_tts.networks.velocity import VelocityUNet
from hiervox.modules.alignment.monotonic import gaussian_log_likelihood, generate_path, maximum_path
from hiervox.modules.diffusion.flow_matching import (
    Solver,
    even_times,
    integrate,
    probability_path,
)
from hiervox.modules.functional.gaussian import Noise, sample_gaussian
from hiervox.modules.functional.masking import random_segment_starts, sequence_mask, slice_segments
from hiervox.modules.predictors.duration import DurationPredictor

LEAST_DURATION = 1e-8  # added before the logarithm: the published code
MAX_FRAMES_PER_TOKEN = 100  # a second to each symbol and each blank; speech has 1 to 6 frames


@dataclass
class MatchaOutput:
    """A training pass, everything that the losses need; N is a multiple of what the U-Net needs.

    Attributes:
        mel: (B, M, N) log-mel, normalised.
        mean: (B, M, N) the text's, spread over frames by the alignment.
        mask: (B, 1, N) of real frames.
        token_mask: (B, 1, L) of real tokens.
        alignment: (B, T, L) of 0 and 1, of the whole clip.
        log_durations, target_log_durations: (B, 1, L), predicted and by the alignment.
        velocity, target_velocity: (B, M, N), predicted and of the path.
        style: (B, style_channels, 1) of the clips; None for one speaker.
    """

    mel: Tensor
    mean: Tensor
    mask: Tensor
    token_mask: Tensor
    alignment: Tensor
    log_durations: Tensor
    target_log_durations: Tensor
    velocity: Tensor
    target_velocity: Tensor
    style: Tensor | None


class MatchaTts(SpeakerNetwork):
    """Text encoder, duration predictor, U-Net of the flow.

    Args:
        config: sizes.
    """

    def __init__(self, config: MatchaConfig) -> None:
        super().__init__(config)
        self.config = config
        style_channels = config.condition_channels
        self.text_encoder = MatchaTextEncoder(
            config.text_encoder,
            n_symbols=config.n_symbols,
            channels=config.channels,
            style_channels=style_channels,
            out_channels=config.mel_channels,
        )
        self.duration_predictor = DurationPredictor(
            self.text_encoder.hidden_channels, config.duration, norm_eps=NORM_EPS
        )
        self.decoder = VelocityUNet(
            config.decoder, mel_channels=config.mel_channels, style_channels=style_channels
        )

    def normalise(self, mel: Tensor) -> Tensor:
        """Log-mel to mean 0 and standard deviation 1 over the corpus, of any shape."""
        return (mel - self.config.mel_mean) / self.config.mel_std

    def denormalise(self, mel: Tensor) -> Tensor:
        """Undo `normalise`."""
        return mel * self.config.mel_std + self.config.mel_mean

    def forward(
        self,
        mel: Tensor,
        frame_lengths: Tensor,
        tokens: Tensor,
        token_lengths: Tensor,
        speakers: Tensor,
    ) -> MatchaOutput:
        """The training pass.

        Args:
            mel: (B, M, T) log-mel.
            frame_lengths: (B,), each at least the item's token length.
            tokens: (B, L), with blanks between where the config wants them.
            token_lengths: (B,).
            speakers: rows (B,) of the speaker table, read where there is one.

        Raises:
            ValueError: a clip has fewer frames than tokens.
        """
        mask = sequence_mask(frame_lengths, mel.shape[2])
        token_mask = sequence_mask(token_lengths, tokens.shape[1])
        style = self.clip_style(speakers, mel, mask)
        hidden, token_mean = self.text_encoder(tokens, token_mask, style)
        mel = self.normalise(mel) * mask
        alignment = self.align(mel, token_mean, mask, token_mask)
        mean = token_mean @ alignment.mT
        mel_cut, mean_cut, mask_cut = self._segments(mel, mean, mask, frame_lengths)
        velocity, target_velocity = self.flow_pass(mel_cut, mean_cut, mask_cut, style)
        return MatchaOutput(
            mel=mel_cut,
            mean=mean_cut,
            mask=mask_cut,
            token_mask=token_mask,
            alignment=alignment,
            log_durations=self.duration_predictor.log_durations(hidden, token_mask),
            target_log_durations=(alignment.sum(1, keepdim=True) + LEAST_DURATION).log() * token_mask,
            velocity=velocity,
            target_velocity=target_velocity,
            style=style,
        )

    @torch.no_grad()
    def align(self, mel: Tensor, token_mean: Tensor, mask: Tensor, token_mask: Tensor) -> Tensor:
        """The monotonic alignment (B, T, L) under which the frames are most likely.

        Args:
            mel: (B, M, T), normalised.
            token_mean: (B, M, L), of Gaussians of variance 1.
            mask, token_mask: (B, 1, T) and (B, 1, L).

        Raises:
            ValueError: a clip has fewer frames than tokens.
        """
        both = mask.mT * token_mask
        likelihood = gaussian_log_likelihood(mel, token_mean, torch.zeros_like(token_mean))
        return maximum_path(likelihood * both, both)

    def flow_pass(
        self,
        mel: Tensor,
        mean: Tensor,
        mask: Tensor,
        style: Tensor | None,
        time: Tensor | None = None,
        noise: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Predicted velocity and the path's (B, M, N each), at a time and with noise that are drawn.

        Args:
            mel, mean: (B, M, N), N a multiple of what the U-Net needs.
            mask: (B, 1, N).
            style: (B, style_channels, 1), or None.
            time: (B,), uniform in 0 to 1 where None.
            noise: (B, M, N), standard normal where None.
        """
        time = torch.rand(len(mel), device=mel.device) if time is None else time
        noise = torch.randn_like(mel) if noise is None else noise
        noisy, target = probability_path(noise, mel, time.to(mel.dtype))
        return self.decoder(noisy, mean, mask, style, time), target * mask

    def _segments(
        self, mel: Tensor, mean: Tensor, mask: Tensor, frame_lengths: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Slices at random places in training, where the config wants them; else padded to the multiple."""
        size = self.config.segment_frames
        if size is not None and self.training and size < mel.shape[2]:
            starts = random_segment_starts(frame_lengths, size)
            return tuple(slice_segments(each, starts, size) for each in (mel, mean, mask))  # type: ignore[return-value]
        padding = 0, -mel.shape[2] % self.config.decoder.multiple
        return tuple(functional.pad(each, padding) for each in (mel, mean, mask))  # type: ignore[return-value]

    def read_text(self, tokens: Tensor, mask: Tensor, style: Tensor | None) -> tuple[Tensor, Tensor]:
        """Mean log-mel (B, M, L), normalised, and log-durations (B, 1, L).

        Args:
            tokens: (B, L).
            mask: (B, 1, L).
            style: (B, style_channels, 1), or None.
        """
        hidden, mean = self.text_encoder(tokens, mask, style)
        return mean, self.duration_predictor.log_durations(hidden, mask)

    def sample(
        self, noise: Tensor, mean: Tensor, mask: Tensor, style: Tensor | None, steps: int, solver: Solver
    ) -> Tensor:
        """Noise to a log-mel (B, M, N).

        Args:
            noise: (B, M, N), times the temperature, N a multiple of what the U-Net needs.
            mean: (B, M, N), normalised.
            mask: (B, 1, N).
            style: (B, style_channels, 1), or None.
            steps: of the solver.
            solver: see `integrate`.
        """

        def velocity(state: Tensor, time: Tensor) -> Tensor:
            predicted: Tensor = self.decoder(state, mean, mask, style, time)
            return predicted

        times = even_times(steps, noise.device).to(noise.dtype)
        return self.denormalise(integrate(velocity, noise, times, solver))

    @torch.no_grad()
    def infer(
        self,
        tokens: Tensor,
        token_lengths: Tensor,
        style: Tensor | None = None,
        temperature: float = TEMPERATURE,
        length_scale: float | Tensor = 1.0,
        generator: Noise = None,
        steps: int = STEPS,
        solver: Solver = "euler",
    ) -> DrawnFrames:
        """From tokens to log-mels.

        With a generator for each item, an item's result does not depend on the others of its batch: they are
        taken one by one, since durations are rounded and the U-Net's group norms see padding.

        Args:
            tokens: (B, L), with blanks between where the config wants them.
            token_lengths: (B,).
            style: (B, style_channels, 1); None where there is one speaker.
            temperature: factor of the noise.
            length_scale: factor of the durations, larger is slower: one for all, or (B, 1, L).
            generator: of the noise, on any device; torch's own where None.
            steps: of the solver.
            solver: see `integrate`.

        Raises:
            CheckpointError: the predicted durations are beyond any speech.
        """
        if isinstance(generator, Sequence):
            alone = [
                self.infer(
                    tokens[[item], :length],
                    token_lengths[[item]],
                    None if style is None else style[[item]],
                    temperature,
                    length_scale if isinstance(length_scale, float) else length_scale[[item], :, :length],
                    generator[item],
                    steps,
                    solver,
                )
                for item, length in enumerate(token_lengths.tolist())
            ]
            return DrawnFrames(
                pad_sequence([each.frames[0].mT for each in alone], batch_first=True).mT,
                torch.cat([each.frame_lengths for each in alone]),
                pad_sequence([each.durations[0] for each in alone], batch_first=True),
            )
        token_mask = sequence_mask(token_lengths, tokens.shape[1])
        token_mean, log_durations = self.read_text(tokens, token_mask, style)
        lengths = torch.exp(log_durations) * token_mask
        require_speakable(lengths.sum((1, 2)) / token_lengths, MAX_FRAMES_PER_TOKEN)
        durations = (lengths.ceil() * length_scale).squeeze(1)
        frame_lengths = durations.sum(1).long()
        require_frames(frame_lengths)
        size = int(frame_lengths.max())
        mask = sequence_mask(frame_lengths, size + -size % self.config.decoder.multiple)
        alignment = generate_path(durations, mask.mT * token_mask)
        mean = token_mean @ alignment.mT
        zeros = torch.zeros_like(mean)
        noise = sample_gaussian(zeros, zeros, mask, temperature, generator)
        mel = self.sample(noise, mean, mask, style, steps, solver) * mask
        return DrawnFrames(mel[..., :size], frame_lengths, alignment.sum(1).long())
