"""WaveGrad 2: text encoder, durations, Gaussian upsampling, score network (arXiv 2106.09660, section 2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from hiervox.models.tts._voices.network import SpeakerNetwork
from hiervox.models.tts.durations import require_frames, require_speakable
from hiervox.models.tts.wavegrad2.config import WaveGrad2Config
from hiervox.models.tts.wavegrad2.networks.gaussian_upsampling import frame_positions, gaussian_alignment
from hiervox.models.tts.wavegrad2.networks.recurrent_predictor import RecurrentPredictor
from hiervox.models.tts.wavegrad2.networks.tacotron_encoder import TacotronEncoder
from hiervox.modules.diffusion.process import NoiseSchedule, add_noise, sample
from hiervox.modules.diffusion.wavegrad import WaveGrad
from hiervox.modules.functional.masking import random_segment_starts, sequence_mask, slice_segments

MOST_SECONDS_PER_TOKEN = 1.0
"""On average over a text; speech has 0.05 to 0.2."""
WINDOW_FRAMES = 512
"""Of which the noise is predicted at once, so that memory does not grow with the sentence."""


@dataclass
class WaveGrad2Draws:
    """The random numbers of a training pass.

    Attributes:
        starts: (B,) first frame of each window.
        levels: (B,) √ᾱ.
        noise: (B, hop · S), standard normal, for windows of S frames.
    """

    starts: Tensor
    levels: Tensor
    noise: Tensor


@dataclass
class WaveGrad2Output:
    """A training pass, everything that the losses need.

    Attributes:
        noise: (B, 1, hop · S) that was added to windows of S frames.
        predicted: (B, 1, hop · S), what the network takes for it.
        mask: (B, 1, hop · S) of real samples.
        seconds: (B, 1, L) predicted durations.
        token_mask: (B, 1, L) of real tokens.
    """

    noise: Tensor
    predicted: Tensor
    mask: Tensor
    seconds: Tensor
    token_mask: Tensor


@dataclass
class WaveGrad2Inference:
    """What text becomes before noise becomes its waveform.

    Attributes:
        hidden: (B, C, N) of each frame, 0 on padding.
        frame_lengths: (B,) real frames.
        durations: (B, L) frames of each token.
        alignment: (B, N, L), how much of each token every frame takes.
    """

    hidden: Tensor
    frame_lengths: Tensor
    durations: Tensor
    alignment: Tensor


class WaveGrad2(SpeakerNetwork):
    """Text encoder, duration and range predictors, score network.

    Args:
        config: sizes.
    """

    def __init__(self, config: WaveGrad2Config) -> None:
        super().__init__(config)
        self.config = config
        resampling = config.resampling
        self.text_encoder = TacotronEncoder(config.n_symbols, config.text_encoder)
        memory_channels = config.text_encoder.channels + config.condition_channels
        self.duration_predictor = RecurrentPredictor(
            memory_channels, resampling.duration_channels, resampling.n_layers
        )
        self.range_predictor = RecurrentPredictor(
            memory_channels + 1, resampling.range_channels, resampling.n_layers
        )
        self.decoder = WaveGrad(config.decoder)

    def memory(self, tokens: Tensor, mask: Tensor, style: Tensor | None = None) -> Tensor:
        """What is known of each token: its encoding and the speaker vector behind it.

        Args:
            tokens: (B, L).
            mask: (B, 1, L).
            style: (B, style_channels, 1); None where there is one speaker.

        Returns:
            (B, C, L).
        """
        encoded: Tensor = self.text_encoder(tokens, mask)
        return encoded if style is None else torch.cat([encoded, style.expand(-1, -1, encoded.shape[2])], 1)

    def ranges(self, memory: Tensor, durations: Tensor, mask: Tensor) -> Tensor:
        """Standard deviations of the tokens' Gaussians (section 2.2), in frames.

        Args:
            memory: (B, C, L).
            durations: (B, L), frames.
            mask: (B, 1, L).

        Returns:
            (B, L), positive.
        """
        features = torch.cat([memory, durations.unsqueeze(1).to(memory.dtype)], dim=1)
        return functional.softplus(self.range_predictor(features, mask))

    def alignment(self, memory: Tensor, durations: Tensor, mask: Tensor, starts: Tensor, n: int) -> Tensor:
        """How much of each token every one of `n` frames from `starts` (B,) on takes: (B, n, L)."""
        sizes = self.config.resampling
        ranges = self.ranges(memory, durations, mask)
        positions = frame_positions(starts, n, sizes.frame_offset)
        return gaussian_alignment(durations, ranges, mask, positions, sizes.epsilon)

    def draw(self, frame_lengths: Tensor) -> WaveGrad2Draws:
        """The random numbers of a training pass over clips of (B,) frames."""
        frames, device = self.config.segment_frames, frame_lengths.device
        samples = frames * self.config.decoder.hop_length
        return WaveGrad2Draws(
            starts=random_segment_starts(frame_lengths, frames),
            levels=self.decoder.draw_levels(len(frame_lengths), device).signal,
            noise=torch.randn(len(frame_lengths), samples, device=device),
        )

    def forward(
        self,
        wav: Tensor,
        frame_lengths: Tensor,
        tokens: Tensor,
        token_lengths: Tensor,
        durations: Tensor,
        voice: Tensor | None = None,
        draws: WaveGrad2Draws | None = None,
    ) -> WaveGrad2Output:
        """The training pass: noise at a random level in a random window of each clip (section 2.3).

        Args:
            wav: (B, T).
            frame_lengths: (B,).
            tokens: (B, L).
            token_lengths: (B,).
            durations: (B, L), frames of each token.
            voice: by `config.voice` rows (B,) of the speaker table, log-mel (B, mel_channels, N) of the
                clips, or None.
            draws: the random numbers; drawn here where None.
        """
        draws = draws or self.draw(frame_lengths)
        mask = sequence_mask(token_lengths, tokens.shape[1])
        frames, hop = self.config.segment_frames, self.config.decoder.hop_length
        frame_mask = sequence_mask(frame_lengths, wav.shape[1] // hop)
        memory = self.memory(tokens, mask, self.style(voice, frame_mask))
        real = slice_segments(frame_mask, draws.starts, frames)
        alignment = self.alignment(memory, durations, mask, draws.starts, frames)
        clean = slice_segments(wav.unsqueeze(1), draws.starts * hop, frames * hop).squeeze(1)
        noisy = add_noise(clean, draws.levels.unsqueeze(1), draws.noise)
        predicted = self.decoder(memory @ alignment.mT * real, noisy=noisy, code=draws.levels)
        return WaveGrad2Output(
            noise=draws.noise.unsqueeze(1),
            predicted=predicted.unsqueeze(1),
            mask=real.repeat_interleave(hop, dim=2),
            seconds=self.duration_predictor(memory, mask).unsqueeze(1),
            token_mask=mask,
        )

    @torch.no_grad()
    def infer(
        self,
        tokens: Tensor,
        token_lengths: Tensor,
        style: Tensor | None = None,
        length_scale: float | Tensor = 1.0,
        durations: Tensor | None = None,
    ) -> WaveGrad2Inference:
        """From tokens to what `generate` takes.

        Predicted durations below 0 become 0; those of the published code can be negative, and then move what
        follows back in time.

        Args:
            tokens: (B, L).
            token_lengths: (B,).
            style: (B, style_channels, 1); None where there is one speaker.
            length_scale: factor of the durations, larger is slower: one for all, or (B, L).
            durations: (B, L), frames of each token in place of the predicted ones.

        Raises:
            CheckpointError: the durations are beyond any speech, or all 0.
        """
        mask = sequence_mask(token_lengths, tokens.shape[1])
        memory = self.memory(tokens, mask, style)
        if durations is None:
            frames = self.duration_predictor(memory, mask).clamp_min(0) * self.config.frame_rate
            most = MOST_SECONDS_PER_TOKEN * self.config.frame_rate
            require_speakable(frames.sum(1) / token_lengths, most)
            durations = (frames * length_scale).round()
        frame_lengths = durations.sum(1).long()
        require_frames(frame_lengths)
        longest = int(frame_lengths.max())
        starts = torch.zeros_like(frame_lengths)
        alignment = self.alignment(memory, durations, mask, starts, longest)
        hidden = memory @ alignment.mT * sequence_mask(frame_lengths)
        return WaveGrad2Inference(hidden, frame_lengths, durations.long(), alignment)

    @torch.no_grad()
    def generate(self, hidden: Tensor, schedule: NoiseSchedule, noises: Iterable[Tensor]) -> Tensor:
        """Waveforms of frames, out of noise (Ho et al., arXiv 2006.11239, algorithm 2).

        The estimate of the clean waveform is clipped to ±1 at every step.

        Args:
            hidden: (B, C, N).
            schedule: of the steps.
            noises: (B, hop · N) each: the start, and what is added again after every step but the last.

        Returns:
            (B, hop · N) in [-1, 1].
        """
        levels = schedule.signal_levels.float().sqrt().tolist()
        condition = self.decoder.condition(hidden)

        def predict(noisy: Tensor, step: int) -> Tensor:
            level = torch.full((len(noisy),), levels[step], device=noisy.device)
            return torch.cat(list(self._windows(noisy, level, condition)), dim=1)

        drawn = iter(noises)
        return sample(predict, next(drawn), drawn, schedule, clip="estimate")

    def _windows(self, noisy: Tensor, level: Tensor, condition: Tensor) -> Iterator[Tensor]:
        """The noise (B, hop · N_i) in windows, each predicted from all that it depends on."""
        hop, context, frames = self.decoder.hop_length, self.decoder.step_context, condition.shape[2]
        for start in range(0, frames, WINDOW_FRAMES):
            stop = min(start + WINDOW_FRAMES, frames)
            low, high = max(0, start - context), min(frames, stop + context)
            chunk = noisy[:, low * hop : high * hop]
            noise = self.decoder.predict(chunk, level, condition[:, :, low:high])
            yield noise[:, (start - low) * hop : (stop - low) * hop]
