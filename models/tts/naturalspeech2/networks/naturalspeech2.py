"""NaturalSpeech 2: phonemes and a prompt to latents of a codec (arXiv 2304.09116)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from pydantic import Field, PositiveFloat, PositiveInt, model_validator
from torch import Tensor, nn

from hiervox.models.tts._variance.durations import expand_by_durations
from hiervox.models.tts.naturalspeech2.networks.denoiser import Denoiser, DenoiserSizes
from hiervox.models.tts.naturalspeech2.networks.diffusion import (
    Form,
    drift_of,
    frequency_of,
    log_edges,
    noisy,
    solve,
)
from hiervox.models.tts.naturalspeech2.networks.predictor import PromptedPredictor, PromptedPredictorSizes
from hiervox.modules.diffusion.flow_matching import Solver
from hiervox.modules.transformers.convolutional import Transformer, TransformerSizes
from hiervox.utils.schema import Sizes


class NaturalSpeech2Config(Sizes):
    """Sizes of the network; defaults are Amphion's, those of the paper but for its codec.

    Attributes:
        n_symbols: rows of the phoneme table.
        n_codebooks, n_codes, latent_channels: of the codec, whose entries' sum a latent is.
        channels: C of all else.
        text_encoder, prompt_encoder: transformers.
        duration, pitch: predictors.
        n_queries, n_query_heads: tokens that the prompt is gathered in, and heads of their attention.
        n_pitch_bins, lowest_pitch, highest_pitch: rows of the table of F0, and Hz.
        denoiser: of the diffusion.
        form: whether the network predicts clean latents (score), or the velocity of straight paths (flow).
    """

    n_symbols: PositiveInt = 178
    n_codebooks: PositiveInt = 16
    n_codes: PositiveInt = 1024
    latent_channels: PositiveInt = 128
    channels: PositiveInt = Field(512, multiple_of=2)
    text_encoder: TransformerSizes = TransformerSizes(
        n_layers=6, n_heads=8, filter_channels=2048, kernel_size=9, dropout=0.2
    )
    prompt_encoder: TransformerSizes = TransformerSizes(
        n_layers=6, n_heads=8, filter_channels=2048, kernel_size=9, dropout=0.2
    )
    duration: PromptedPredictorSizes = PromptedPredictorSizes()
    pitch: PromptedPredictorSizes = PromptedPredictorSizes(kernel_size=5)
    n_queries: PositiveInt = 32
    n_query_heads: PositiveInt = 8
    n_pitch_bins: int = Field(512, ge=3)
    lowest_pitch: PositiveFloat = 50.0
    highest_pitch: PositiveFloat = 1100.0
    denoiser: DenoiserSizes = DenoiserSizes()
    form: Form = "score"

    @model_validator(mode="after")
    def _heads_fit(self) -> NaturalSpeech2Config:
        for name in ("text_encoder", "prompt_encoder", "duration", "pitch", "denoiser"):
            if self.channels % getattr(self, name).n_heads:
                raise ValueError(f"{name}.n_heads must divide channels")
        if self.channels % self.n_query_heads:
            raise ValueError("n_query_heads must divide channels")
        if self.lowest_pitch >= self.highest_pitch:
            raise ValueError("lowest_pitch must be under highest_pitch")
        return self


class Prompt(NamedTuple):
    """An encoded prompt.

    Attributes:
        frames: (B, C, P).
        mask: (B, 1, P).
        voice: (B, C), the mean of its frames, which sets the text encoder's norms.
        speaker: (B, Q, C), tokens that the denoiser attends to.
    """

    frames: Tensor
    mask: Tensor
    voice: Tensor
    speaker: Tensor


class Text(NamedTuple):
    """Phonemes of a batch.

    Attributes:
        tokens, durations: (B, L), and frames of each.
        mask: (B, 1, L).
    """

    tokens: Tensor
    durations: Tensor
    mask: Tensor


class Target(NamedTuple):
    """Speech of a batch.

    Attributes:
        codes: (B, Q, T).
        f0: (B, T) in Hz.
        mask: (B, 1, T).
    """

    codes: Tensor
    f0: Tensor
    mask: Tensor


class Drawn(NamedTuple):
    """What is drawn at random for a training pass.

    Attributes:
        time: (B,).
        noise: (B, D, T).
    """

    time: Tensor
    noise: Tensor


class TrainingPass(NamedTuple):
    """What a training pass makes.

    Attributes:
        log_durations: (B, L), predicted, of frames plus one.
        log_pitch: (B, T), predicted, log Hz.
        clean: (B, D, T), latents.
        predicted: (B, D, T), what the denoiser makes of them with noise.
    """

    log_durations: Tensor
    log_pitch: Tensor
    clean: Tensor
    predicted: Tensor


class NaturalSpeech2(nn.Module):
    """Prompt encoder, phoneme encoder, predictors and denoiser, beside the codebooks of its codec.

    Args:
        config: sizes.

    Attributes:
        entries: (Q, K, D), the codec's.
    """

    entries: Tensor
    pitch_edges: Tensor

    def __init__(self, config: NaturalSpeech2Config) -> None:
        super().__init__()
        self.config = config
        channels = config.channels
        self.register_buffer(
            "entries", torch.zeros(config.n_codebooks, config.n_codes, config.latent_channels)
        )
        self.prompt_input = nn.Linear(config.latent_channels, channels)
        self.prompt_encoder = Transformer(channels, config.prompt_encoder)
        self.queries = nn.Parameter(torch.randn(config.n_queries, channels))
        self.query_attention = nn.MultiheadAttention(channels, config.n_query_heads, batch_first=True)
        self.embedding = nn.Embedding(config.n_symbols, channels, padding_idx=0)
        nn.init.normal_(self.embedding.weight, 0, channels**-0.5)
        self.text_encoder = Transformer(channels, config.text_encoder, styled=True)
        self.duration = PromptedPredictor(channels, config.duration)
        self.pitch = PromptedPredictor(channels, config.pitch)
        edges = log_edges(config.lowest_pitch, config.highest_pitch, config.n_pitch_bins - 1)
        self.register_buffer("pitch_edges", edges)
        self.pitch_embedding = nn.Embedding(config.n_pitch_bins, channels)
        self.denoiser = Denoiser(config.latent_channels, channels, config.denoiser)

    def latents(self, codes: Tensor) -> Tensor:
        """Codes (B, Q, T) of all books → (B, D, T)."""
        books = zip(self.entries, codes.unbind(1), strict=True)
        return torch.stack([entries[own] for entries, own in books]).sum(0).transpose(1, 2)

    def distances(self, latents: Tensor) -> tuple[Tensor, Tensor]:
        """Codes (B, Q, T) of latents (B, D, T), and squared distances to all entries (B, Q, T, K).

        Each book quantises what those before it leave.
        """
        residual, codes, distances = latents.transpose(1, 2), [], []
        for entries in self.entries:
            squares = residual.square().sum(-1, keepdim=True) + entries.square().sum(-1)
            distances.append(squares - 2 * residual @ entries.T)
            codes.append(distances[-1].argmin(-1))
            residual = residual - entries[codes[-1]]
        return torch.stack(codes, 1), torch.stack(distances, 1)

    def encode_prompt(self, codes: Tensor, mask: Tensor) -> Prompt:
        """Codes (B, Q, P) of a prompt and its mask (B, 1, P)."""
        hidden = self.prompt_input(self.latents(codes).transpose(1, 2)).transpose(1, 2)
        frames = self.prompt_encoder(hidden, mask=mask)
        voice = (frames * mask).sum(2) / mask.sum(2).clamp_min(1)
        keys, queries = frames.transpose(1, 2), self.queries.expand(len(codes), -1, -1)
        padding = mask.squeeze(1) == 0
        speaker, _ = self.query_attention(queries, keys, keys, key_padding_mask=padding, need_weights=False)
        return Prompt(frames, mask, voice, speaker)

    def encode_text(self, tokens: Tensor, mask: Tensor, prompt: Prompt) -> tuple[Tensor, Tensor]:
        """Tokens (B, L) and their mask (B, 1, L) → hidden (B, C, L), log durations (B, L)."""
        hidden = self.text_encoder(self.embedding(tokens).transpose(1, 2), prompt.voice, mask)
        return hidden, self.duration(hidden, mask, prompt.frames, prompt.mask)

    def condition(
        self, hidden: Tensor, durations: Tensor, mask: Tensor, prompt: Prompt, f0: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Hidden phonemes over their frames, with the pitch.

        Args:
            hidden: (B, C, L).
            durations: (B, L), whole frames.
            mask: (B, 1, T).
            prompt: encoded.
            f0: (B, T) in Hz, 0 where unvoiced; what is predicted where None.

        Returns:
            (B, C, T), and the predicted log F0 (B, T).
        """
        frames = expand_by_durations(hidden, durations, mask.shape[2])
        log_pitch = self.pitch(frames, mask, prompt.frames, prompt.mask)
        wanted = log_pitch if f0 is None else frequency_of(f0, self.config.lowest_pitch)
        return self.with_pitch(frames, wanted.exp()) * mask, log_pitch

    def with_pitch(self, frames: Tensor, f0: Tensor) -> Tensor:
        """(B, C, T) and F0 (B, T) in Hz → (B, C, T)."""
        bins = torch.bucketize(f0.contiguous(), self.pitch_edges)
        return frames + self.pitch_embedding(bins).transpose(1, 2)

    def predict(self, x: Tensor, mask: Tensor, condition: Tensor, time: Tensor, prompt: Prompt) -> Tensor:
        """What the denoiser makes of noisy latents (B, D, T) at times (B,)."""
        predicted: Tensor = self.denoiser(x, mask, condition, time, prompt.speaker)
        return predicted

    def forward(
        self, text: Text, target: Target, prompt_codes: Tensor, prompt_mask: Tensor, drawn: Drawn
    ) -> TrainingPass:
        """The training pass.

        Args:
            text: what is said.
            target: how it is said.
            prompt_codes, prompt_mask: (B, Q, P) and (B, 1, P).
            drawn: time and noise of the diffusion.
        """
        prompt = self.encode_prompt(prompt_codes, prompt_mask)
        hidden, log_durations = self.encode_text(text.tokens, text.mask, prompt)
        frames, log_pitch = self.condition(hidden, text.durations, target.mask, prompt, target.f0)
        clean = self.latents(target.codes) * target.mask
        x = noisy(clean, drawn.noise, drawn.time, self.config.form)
        predicted = self.predict(x, target.mask, frames, drawn.time, prompt)
        return TrainingPass(log_durations, log_pitch, clean, predicted)

    @torch.no_grad()
    def sample(
        self, noise: Tensor, condition: Tensor, prompt: Prompt, steps: int, solver: Solver = "euler"
    ) -> Tensor:
        """Latents (B, D, T) from noise of their shape, without padding."""
        mask = noise.new_ones(len(noise), 1, noise.shape[2])

        def drift(x: Tensor, time: Tensor) -> Tensor:
            predicted = self.predict(x, mask, condition, time, prompt)
            return drift_of(predicted, x, time, self.config.form)

        return solve(noise, drift, steps, solver)
