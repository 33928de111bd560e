"""The autoregressive decoder of VALL-E: phonemes and a prompt's first codebook to the speech's
(arXiv 2301.02111, section 4.2.1)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from pydantic import Field, PositiveFloat, PositiveInt
from torch import Tensor, nn

from hiervox.models.tts.valle.config import AutoregressiveConfig
from hiervox.models.tts.valle.networks.pre_norm import PreNormTransformer
from hiervox.models.tts.valle.networks.sampling import restrict, sample_tokens
from hiervox.modules.encoders.sine_position import SinePosition
from hiervox.modules.functional.masking import sequence_mask
from hiervox.utils.config import Config


class SamplingConfig(Config):
    """How codes of the first codebook are drawn.

    Attributes:
        temperature: of the logits.
        top_k: draw from the so many most likely; None from all. 1 is greedy.
        top_p: draw from the most likely that together reach this probability.
        repetition_window, repetition_ratio: a code that is drawn again although it makes up more than this
            share of the last so many is replaced by a draw from all (VALL-E 2, arXiv 2406.05370, section
            4.2); a window of 0 switches it off.
        frames_per_token: most frames to a token, prompt's text included; 16 in lifeiteng/vall-e.
    """

    temperature: PositiveFloat = 1.0
    top_k: PositiveInt | None = None
    top_p: float = Field(1.0, gt=0, le=1)
    repetition_window: int = Field(0, ge=0)
    repetition_ratio: float = Field(0.1, ge=0, le=1)
    frames_per_token: PositiveInt = 16


@dataclass
class Written:
    """What the decoder wrote for one item.

    Attributes:
        codes: (T,) of the first codebook, without the prompt and the end.
        ended: it wrote an end; otherwise it was stopped.
    """

    codes: Tensor
    ended: bool


class AutoregressiveDecoder(nn.Module):
    """A causal transformer over text and codes as one sequence.

    Text sees all text, codes see all text and earlier codes. The id `config.n_codes` is the end, and padding.

    Args:
        config: sizes.
    """

    def __init__(self, config: AutoregressiveConfig) -> None:
        super().__init__()
        self.config = config
        self.text_embedding = nn.Embedding(config.n_tokens, config.channels)
        self.code_embedding = nn.Embedding(config.n_codes + 1, config.channels)
        self.text_position = SinePosition(config.dropout)
        self.code_position = SinePosition(config.dropout)
        self.transformer = PreNormTransformer(config)
        self.head = nn.Linear(config.channels, config.n_codes + 1, bias=False)

    @property
    def end(self) -> int:
        """The code that ends speech."""
        return self.config.n_codes

    def forward(self, tokens: Tensor, token_lengths: Tensor, codes: Tensor, code_lengths: Tensor) -> Tensor:
        """Logits of each next code.

        Args:
            tokens: (B, L), with the marks of beginning and end.
            token_lengths: (B,).
            codes: (B, T) of the first codebook.
            code_lengths: (B,).

        Returns:
            (B, T, n_codes + 1); position t is for code t + 1.
        """
        text_mask = sequence_mask(token_lengths, tokens.shape[1]).bool()
        code_mask = sequence_mask(code_lengths, codes.shape[1]).bool()
        codes = codes.masked_fill(~code_mask.squeeze(1), self.end)
        embedded = torch.cat([self._text(tokens), self.code_position(self.code_embedding(codes))], dim=1)
        mask = causal_mask(text_mask, code_mask)
        hidden = self.transformer(embedded, mask)[:, tokens.shape[1] :]
        logits: Tensor = self.head(hidden)
        return logits

    def _text(self, tokens: Tensor) -> Tensor:
        embedded: Tensor = self.text_position(self.text_embedding(tokens))
        return embedded

    @torch.no_grad()
    def write(
        self,
        tokens: Tensor,
        token_lengths: Tensor,
        prompt: Tensor,
        prompt_lengths: Tensor,
        sampling: SamplingConfig | None = None,
        generators: list[torch.Generator] | None = None,
        cached: bool = True,
    ) -> list[Written]:
        """Continue prompts until the end is drawn or the most likely code, or frames run out.

        Args:
            tokens: (B, L), the prompt's text and the text to speak, with the marks of beginning and end.
            token_lengths: (B,).
            prompt: (B, P) codes of the first codebook, at least one each.
            prompt_lengths: (B,).
            sampling: see `SamplingConfig`.
            generators: of CPU random numbers, one an item.
            cached: keep keys and values; without, each step runs over the whole sequence.
        """
        sampling = sampling or SamplingConfig()
        writer = _Writer(self, tokens, token_lengths, prompt, prompt_lengths, cached)
        limits = sampling.frames_per_token * token_lengths.cpu() + 1
        written: list[list[int]] = [[] for _ in tokens]
        ended = [False] * len(tokens)
        logits = writer.first()
        while True:
            drawn = _draw(logits, sampling, written, generators)
            most_likely = logits.argmax(-1).tolist()
            going = False
            for item, code in enumerate(drawn.tolist()):
                if ended[item] or len(written[item]) >= limits[item]:
                    continue
                ended[item] = self.end in (code, most_likely[item])
                if not ended[item]:
                    written[item].append(code)
                    going = going or len(written[item]) < int(limits[item])
            if not going:
                device = prompt.device
                return [
                    Written(torch.tensor(codes, dtype=torch.long, device=device), end)
                    for codes, end in zip(written, ended, strict=True)
                ]
            logits = writer.next(drawn.to(prompt.device))


class _Writer:
    """The state of a generation: what has been written, and what of it is cached."""

    def __init__(
        self,
        decoder: AutoregressiveDecoder,
        tokens: Tensor,
        token_lengths: Tensor,
        prompt: Tensor,
        prompt_lengths: Tensor,
        cached: bool,
    ) -> None:
        self.decoder = decoder
        self.tokens = tokens
        self.text_mask = sequence_mask(token_lengths, tokens.shape[1]).bool()
        self.code_mask = sequence_mask(prompt_lengths, prompt.shape[1]).bool()
        self.codes = prompt
        self.positions = torch.arange(prompt.shape[1], device=prompt.device).expand_as(prompt)
        self.lengths = prompt_lengths
        self.caches = decoder.transformer.new_caches() if cached else None

    def first(self) -> Tensor:
        """Logits (B, V) behind the prompt."""
        hidden = self._whole()
        last = (self.tokens.shape[1] + self.lengths - 1).view(-1, 1, 1).expand(-1, 1, hidden.shape[2])
        logits: Tensor = self.decoder.head(hidden.gather(1, last).squeeze(1))
        return logits

    def _whole(self) -> Tensor:
        decoder = self.decoder
        embedded = decoder.code_position(decoder.code_embedding(self.codes), self.positions)
        sequence = torch.cat([decoder._text(self.tokens), embedded], dim=1)
        mask = causal_mask(self.text_mask, self.code_mask)
        hidden: Tensor = decoder.transformer(sequence, mask, caches=self.caches)
        return hidden

    def next(self, drawn: Tensor) -> Tensor:
        """Logits (B, V) behind the codes (B,) that were drawn."""
        decoder, column = self.decoder, drawn.unsqueeze(1)
        positions = self.lengths.unsqueeze(1)
        self.lengths = self.lengths + 1
        self.codes = torch.cat([self.codes, column], dim=1)
        self.positions = torch.cat([self.positions, positions], dim=1)
        self.code_mask = torch.cat([self.code_mask, torch.ones_like(column).bool().unsqueeze(1)], dim=2)
        if self.caches is None:
            logits: Tensor = decoder.head(self._whole()[:, -1])
            return logits
        embedded = decoder.code_position(decoder.code_embedding(column), positions)
        mask = torch.cat([self.text_mask, self.code_mask], dim=2).unsqueeze(1)
        hidden = decoder.transformer(embedded, mask, caches=self.caches)
        logits = decoder.head(hidden[:, -1])
        return logits


def causal_mask(text_mask: Tensor, code_mask: Tensor) -> Tensor:
    """Who may see whom, (B, 1, L + T, L + T), from masks (B, 1, L) and (B, 1, T) of what is not padding."""
    n_text, n_codes = text_mask.shape[2], code_mask.shape[2]
    places = torch.arange(n_text + n_codes, device=text_mask.device)
    seen = (places[None] < n_text) | ((places[None] <= places[:, None]) & (places[:, None] >= n_text))
    keys = torch.cat([text_mask, code_mask], dim=2).unsqueeze(1)
    return seen & keys


def _draw(
    logits: Tensor,
    sampling: SamplingConfig,
    written: list[list[int]],
    generators: list[torch.Generator] | None,
) -> Tensor:
    """Codes (B,) on the CPU, with repetition-aware sampling where it is on."""
    drawn = sample_tokens(restrict(logits, sampling.top_k, sampling.top_p), sampling.temperature, generators)
    if not sampling.repetition_window:
        return drawn
    for item, code in enumerate(drawn.tolist()):
        recent = written[item][-sampling.repetition_window :]
        if recent.count(code) > sampling.repetition_ratio * sampling.repetition_window:
            own = None if generators is None else [generators[item]]
            drawn[item] = sample_tokens(logits[item : item + 1], sampling.temperature, own)[0]
    return drawn
