"""Speech filled in by its text: conditional flow matching of log-mels (F5-TTS, arXiv 2410.06885; E2 TTS)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
from pydantic import PositiveInt, model_validator
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from hiervox.models.tts.f5_tts.networks.attention import BackboneSizes
from hiervox.models.tts.f5_tts.networks.dit import DiffusionTransformer
from hiervox.models.tts.f5_tts.networks.text_encoder import TextEncoder, TextEncoderSizes
from hiervox.models.tts.f5_tts.networks.unet_transformer import Skips, UNetTransformer
from hiervox.modules.diffusion.flow_matching import Solver, integrate, probability_path
from hiervox.modules.diffusion.time_embedding import TimeEmbedding

TIME_CHANNELS = 256
POSITION_KERNEL, POSITION_GROUPS = 31, 16


class F5TtsConfig(BackboneSizes):
    """The network; defaults are those of F5-TTS Base, version 1, but for its 2546 symbols.

    Attributes:
        n_symbols: rows of the table of tokens, of which the first is the filler.
        mel_channels: bins of the log-mel.
        text: see `TextEncoderSizes`.
        backbone: "dit" of F5-TTS, or "unet" of E2 TTS.
        long_skip: see `DiffusionTransformer`.
        skips: see `UNetTransformer`.
    """

    n_symbols: PositiveInt = 178
    mel_channels: PositiveInt = 100
    text: TextEncoderSizes = TextEncoderSizes()
    backbone: Literal["dit", "unet"] = "dit"
    long_skip: bool = False
    skips: Skips = "concatenated"

    @model_validator(mode="after")
    def _sizes_fit(self) -> F5TtsConfig:
        if self.channels % POSITION_GROUPS:
            raise ValueError(f"channels must be a multiple of {POSITION_GROUPS}")
        if self.backbone == "unet" and self.n_layers % 2:
            raise ValueError("n_layers must be even, for the skips of unet")
        return self

    @property
    def items_stay_apart(self) -> bool:
        """Whether an item of a batch whose texts were encoded apart does not depend on the others."""
        return self.backbone == "dit" and self.masks_attention


class Drawn(NamedTuple):
    """What a training pass draws.

    Attributes:
        time: (B,), 0 to 1.
        noise: (B, M, N).
        span: (B, 1, N), 1 where the log-mel is to be filled in.
        without_prompt, without_text: (B,) whether an item has to do without.
    """

    time: Tensor
    noise: Tensor
    span: Tensor
    without_prompt: Tensor
    without_text: Tensor


class F5Output(NamedTuple):
    """A training pass.

    Attributes:
        velocity, target: (B, M, N).
        span: (B, 1, N) where they are compared.
    """

    velocity: Tensor
    target: Tensor
    span: Tensor


class Texts(NamedTuple):
    """Encoded texts for sampling.

    Attributes:
        told: (B, N, T).
        left_out: (B, N, T), of texts that are left out.
    """

    told: Tensor
    left_out: Tensor


class Sampling(NamedTuple):
    """How a log-mel is sampled.

    Attributes:
        times: (steps + 1,) from 0 to 1.
        guidance: how much further than without prompt and text; 0 does without that pass.
        solver: see `integrate`.
    """

    times: Tensor
    guidance: float = 2.0
    solver: Solver = "euler"


class ConvolutionalPosition(nn.Module):
    """Two grouped convolutions, which tell frames where they are (wav2vec 2.0, arXiv 2006.11477, section 2).

    Args:
        channels: of input and output.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Conv1d(
                channels,
                channels,
                POSITION_KERNEL,
                padding=POSITION_KERNEL // 2,
                groups=POSITION_GROUPS,
            )
            for _ in range(2)
        )

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """(B, N, C), mask (B, N) or None → (B, N, C)."""
        hidden = x.mT
        for convolution in self.convolutions:
            if mask is not None:
                hidden = hidden.masked_fill(~mask.unsqueeze(1), 0)
            hidden = functional.mish(convolution(hidden))
        return hidden.mT if mask is None else hidden.mT.masked_fill(~mask.unsqueeze(2), 0)


class F5Tts(nn.Module):
    """Text and a part of a log-mel to all of it.

    Args:
        config: see `F5TtsConfig`.
    """

    def __init__(self, config: F5TtsConfig) -> None:
        super().__init__()
        self.config = config
        channels, mel_channels = config.channels, config.mel_channels
        self.text_encoder = TextEncoder(config.text, config.n_symbols)
        self.time = nn.Sequential(
            TimeEmbedding(TIME_CHANNELS),
            nn.Linear(TIME_CHANNELS, channels),
            nn.SiLU(),
            nn.Linear(channels, channels),
        )
        self.input = nn.Linear(2 * mel_channels + config.text.channels, channels)
        self.position = ConvolutionalPosition(channels)
        self.backbone = (
            DiffusionTransformer(config, config.long_skip)
            if config.backbone == "dit"
            else UNetTransformer(config, config.skips)
        )
        self.output = nn.Linear(channels, mel_channels)
        if config.backbone == "dit":
            nn.init.zeros_(self.output.weight)
            nn.init.zeros_(self.output.bias)

    def encode_text(
        self, tokens: Tensor, frames: int, mask: Tensor | None = None, dropped: Tensor | None = None
    ) -> Tensor:
        """The text of each frame (B, N, T); see `TextEncoder`.

        Only the DiT's is told of padding, as published.
        """
        seen = mask if self.backbone.masks_input else None
        result: Tensor = self.text_encoder(tokens, frames, seen, dropped)
        return result

    def texts(self, tokens: Tensor, frames: int, mask: Tensor | None = None) -> Texts:
        """Texts (B, L) for sampling; parameters as of `encode_text`."""
        dropped = torch.ones(len(tokens), dtype=torch.bool, device=tokens.device)
        return Texts(*(self.encode_text(tokens, frames, mask, each) for each in (None, dropped)))

    def texts_apart(self, tokens: Tensor, lengths: Sequence[int]) -> Texts:
        """Texts (B, L) for sampling, each as if it were alone: response norms also count padding.

        Args:
            tokens: the filler behind them.
            lengths: frames of each.
        """
        each = [self.texts(tokens[[number]], frames) for number, frames in enumerate(lengths)]
        return Texts(
            *(pad_sequence([text[0] for text in kind], batch_first=True) for kind in zip(*each, strict=True))
        )

    def embed_input(self, noisy: Tensor, prompt: Tensor, text: Tensor, mask: Tensor | None) -> Tensor:
        """What the backbone reads, (B, N, C); parameters as of `velocity`."""
        hidden = self.input(torch.cat([noisy.mT, prompt.mT, text], dim=2))
        real = None if mask is None or not self.backbone.masks_input else mask.squeeze(1) != 0
        result: Tensor = self.position(hidden, real) + hidden
        return result

    def velocity(
        self, noisy: Tensor, prompt: Tensor, text: Tensor, time: Tensor, mask: Tensor | None
    ) -> Tensor:
        """The velocity (B, M, N) of the flow.

        Args:
            noisy: (B, M, N).
            prompt: (B, M, N), zero where nothing is known.
            text: (B, N, T), of `encode_text`.
            time: (B,), 0 to 1.
            mask: (B, 1, N) of real frames; None where all are.
        """
        hidden = self.embed_input(noisy, prompt, text, mask)
        hidden = self.backbone(hidden, self.time(time), None if mask is None else mask.squeeze(1) != 0)
        result: Tensor = self.output(hidden).mT
        return result

    def forward(self, mel: Tensor, mask: Tensor, tokens: Tensor, drawn: Drawn) -> F5Output:
        """The training pass (section 2.1).

        Args:
            mel: (B, M, N).
            mask: (B, 1, N).
            tokens: (B, L), the filler behind them.
            drawn: see `Drawn`.
        """
        noisy, target = probability_path(drawn.noise, mel, drawn.time, least_std=0.0)
        prompt = mel * (1 - drawn.span) * ~drawn.without_prompt[:, None, None]
        text = self.encode_text(tokens, mel.shape[2], mask, drawn.without_text)
        return F5Output(self.velocity(noisy, prompt, text, drawn.time, mask), target, drawn.span)

    @torch.no_grad()
    def sample(
        self,
        noise: Tensor,
        mel: Tensor,
        known: Tensor,
        texts: Texts,
        sampling: Sampling,
        mask: Tensor | None = None,
    ) -> Tensor:
        """Fill in what is not known of log-mels (sections 2.2 and 3.3).

        Args:
            noise: (B, M, N).
            mel: (B, M, N), of which `known` is given.
            known: (B, 1, N), 1 there.
            texts: of prompt and rest together.
            sampling: see `Sampling`.
            mask: (B, 1, N) of real frames; None where all are.

        Returns:
            (B, M, N).
        """
        prompt, guidance, text = mel * known, sampling.guidance, texts.told
        if guidance:
            text = torch.cat(texts)
            prompt = torch.cat([prompt, torch.zeros_like(prompt)])
            mask = None if mask is None else torch.cat([mask, mask])

        def velocity(state: Tensor, time: Tensor) -> Tensor:
            if not guidance:
                return self.velocity(state, prompt, text, time, mask)
            both = self.velocity(state.repeat(2, 1, 1), prompt, text, time.repeat(2), mask)
            told, empty = both.chunk(2)
            return told + guidance * (told - empty)

        made = integrate(velocity, noise, sampling.times.to(noise), sampling.solver)
        return torch.where(known != 0, mel, made)
