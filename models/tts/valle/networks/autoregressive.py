"""The autoregressive decoder of VALL-E: phonemes and a prompt's first codebook to the speech's
(arXiv 2301.02111, section 4.2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from pydantic import Field, PositiveFloat, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from hiervox.models.tts.valle.config import AutoregressiveConfig
from hiervox.models.tts.valle.networks.pre_norm import PreNormTransformer
from hiervox.models.tts.valle.networks.sampling import restrict, sample_tokens
from hiervox.models.tts.valle.networks.spoken_token import UNSAID, SpokenText, tokens_at
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
        spoken: (T,), the place in the text of the token that each code speaks; None unless monotonic.
    """

    codes: Tensor
    ended: bool
    spoken: Tensor | None = None


class Continuation(NamedTuple):
    """What follows each position.

    Attributes:
        codes: logits (B, T, n_codes + 1); position t is for code t + group_size.
        advances: logits (B, J, most_advance + 1) of how many tokens the text goes on by from the next group
            to the one after; None unless monotonic.
    """

    codes: Tensor
    advances: Tensor | None


class AutoregressiveDecoder(nn.Module):
    """A causal transformer over text and codes as one sequence.

    Text sees all text, codes see all text and earlier codes. The id `config.n_codes` is the end, and padding.
    With a `group_size` over 1 a position holds a group of codes, which are written together (VALL-E 2,
    arXiv 2406.05370, section 3). A monotonic decoder is also given the token that the next group speaks, and
    predicts the one after (after VALL-E R, arXiv 2406.07855); a prompt has none but for its last group.

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
        self.group_embedding: nn.Module = nn.Identity()
        self.group_prediction: nn.Module = nn.Identity()
        if config.group_size > 1:
            self.group_embedding = nn.Linear(config.group_size * config.channels, config.channels)
            self.group_prediction = nn.Linear(config.channels, config.group_size * config.channels)
        self.head = nn.Linear(config.channels, config.n_codes + 1, bias=False)
        if config.chained:
            self.chain = nn.Linear(config.channels, config.channels)
        if config.monotonic:
            self.spoken_text = SpokenText(config.channels)
            self.advance_head = nn.Linear(config.channels, config.most_advance + 1)

    @property
    def end(self) -> int:
        """The code that ends speech."""
        return self.config.n_codes

    def forward(
        self,
        tokens: Tensor,
        token_lengths: Tensor,
        codes: Tensor,
        code_lengths: Tensor,
        spoken: Tensor | None = None,
    ) -> Continuation:
        """What follows each code.

        Args:
            tokens: (B, L), with the marks of beginning and end.
            token_lengths: (B,).
            codes: (B, T) of the first codebook.
            code_lengths: (B,).
            spoken: (B, J), the place in `tokens` of what the group behind each group speaks, -1 where it is
                not said; of monotonic decoders.
        """
        text_mask = sequence_mask(token_lengths, tokens.shape[1]).bool()
        code_mask = sequence_mask(code_lengths, codes.shape[1]).bool()
        groups = self.grouped(codes.masked_fill(~code_mask.squeeze(1), self.end))
        text = self._text(tokens)
        embedded = self._embedded(groups)
        if spoken is not None:
            embedded = embedded + tokens_at(self.spoken_text(text, text_mask), spoken)
        sequence = torch.cat([text, self.code_position(embedded)], dim=1)
        mask = causal_mask(text_mask, code_mask[:, :, :: self.config.group_size])
        hidden = self.transformer(sequence, mask)[:, tokens.shape[1] :]
        advances = self.advance_head(hidden) if self.config.monotonic else None
        following = F.pad(groups[:, 1:], (0, 0, 0, 1), value=self.end)
        return Continuation(self._logits(hidden, following).flatten(1, 2)[:, : codes.shape[1]], advances)

    def grouped(self, codes: Tensor) -> Tensor:
        """Codes (B, T) as groups (B, J, group_size), the last one filled up with the end."""
        size = self.config.group_size
        return F.pad(codes, (0, -codes.shape[1] % size), value=self.end).unflatten(1, (-1, size))

    def _embedded(self, groups: Tensor) -> Tensor:
        """(B, J, group_size) → (B, J, channels)."""
        embedded: Tensor = self.group_embedding(self.code_embedding(groups).flatten(2))
        return embedded

    def _predicted(self, hidden: Tensor) -> Tensor:
        """(B, J, channels) → (B, J, group_size, channels)."""
        predicted: Tensor = self.group_prediction(hidden).unflatten(2, (self.config.group_size, -1))
        return predicted

    def _chained(self, predicted: Tensor, before: Tensor) -> Tensor:
        """Predicted codes (..., channels) with the codes (...) before them in their groups."""
        chained: Tensor = predicted + self.chain(self.code_embedding(before))
        return chained

    def _logits(self, hidden: Tensor, following: Tensor) -> Tensor:
        """(B, J, channels) and the groups behind (B, J, group_size) → (B, J, group_size, n_codes + 1)."""
        predicted = self._predicted(hidden)
        if self.config.chained:
            later = self._chained(predicted[:, :, 1:], following[:, :, :-1])
            predicted = torch.cat([predicted[:, :, :1], later], dim=2)
        logits: Tensor = self.head(predicted)
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
        first_spoken: Tensor | None = None,
    ) -> list[Written]:
        """Continue prompts until the end is drawn or the most likely code, or frames run out.

        A monotonic decoder ends where its text does.

        Args:
            tokens: (B, L), the prompt's text and the text to speak, with the marks of beginning and end.
            token_lengths: (B,).
            prompt: (B, P) codes of the first codebook, at least a group each; the last ones of a prompt that
                are no whole group are not read.
            prompt_lengths: (B,).
            sampling: see `SamplingConfig`.
            generators: of CPU random numbers, one an item.
            cached: keep keys and values; without, each step runs over the whole sequence.
            first_spoken: (B,), the place in `tokens` of the first token behind the prompt's; of monotonic
                decoders.
        """
        sampling, size = sampling or SamplingConfig(), self.config.group_size
        whole = prompt_lengths // size
        groups = self.grouped(prompt)[:, : int(whole.max())]
        writer = _Writer(self, tokens, token_lengths, groups, whole, cached, first_spoken)
        limits = sampling.frames_per_token * token_lengths.cpu() + 1
        written: list[list[int]] = [[] for _ in tokens]
        spoken: list[list[int]] = [[] for _ in tokens]
        ended = [False] * len(tokens)
        predicted = writer.first()
        while True:
            places = None if writer.place is None else writer.place.tolist()
            drawn: list[Tensor] = []
            for place in range(size):
                logits = writer.logits(predicted[:, place], drawn[-1] if drawn else None)
                most_likely = logits.argmax(-1).tolist()
                drawn.append(_draw(logits, sampling, written, generators))
                for item, code in enumerate(drawn[-1].tolist()):
                    if ended[item] or len(written[item]) >= limits[item]:
                        continue
                    if places is not None:
                        ended[item] = places[item] >= int(token_lengths[item]) - 1
                    else:
                        ended[item] = self.end in (code, most_likely[item])
                    if not ended[item]:
                        written[item].append(code)
                        spoken[item].append(UNSAID if places is None else places[item])
            going = (
                not end and len(codes) < limit
                for end, codes, limit in zip(ended, written, limits, strict=True)
            )
            if not any(going):
                device = prompt.device
                return [
                    Written(
                        torch.tensor(codes, dtype=torch.long, device=device),
                        end,
                        None if writer.place is None else torch.tensor(own, dtype=torch.long, device=device),
                    )
                    for codes, end, own in zip(written, ended, spoken, strict=True)
                ]
            predicted = writer.next(torch.stack(drawn, dim=1).to(prompt.device))


class _Writer:
    """The state of a generation: what has been written, and what of it is cached.

    Attributes:
        place: (B,), of the token that the next group speaks; None unless monotonic.
    """

    def __init__(
        self,
        decoder: AutoregressiveDecoder,
        tokens: Tensor,
        token_lengths: Tensor,
        prompt: Tensor,
        prompt_lengths: Tensor,
        cached: bool,
        place: Tensor | None,
    ) -> None:
        self.decoder = decoder
        self.text = decoder._text(tokens)
        self.ends = token_lengths - 1
        self.text_mask = sequence_mask(token_lengths, tokens.shape[1]).bool()
        self.code_mask = sequence_mask(prompt_lengths, prompt.shape[1]).bool()
        self.groups = prompt
        self.positions = torch.arange(prompt.shape[1], device=prompt.device).expand(prompt.shape[:2])
        self.lengths = prompt_lengths
        self.caches = decoder.transformer.new_caches() if cached else None
        self.place = place if decoder.config.monotonic else None
        self.staying = torch.ones(len(tokens), device=prompt.device)
        self.spoken = torch.full_like(prompt[..., 0], UNSAID)
        self.advances: Tensor | None = None
        if self.place is not None:
            self.spoken.scatter_(1, prompt_lengths.unsqueeze(1) - 1, self.place.unsqueeze(1))
            self.spoken_text = decoder.spoken_text(self.text, self.text_mask)

    def first(self) -> Tensor:
        """Predicted codes (B, group_size, channels) behind the prompt."""
        hidden = self._whole()
        last = (self.text.shape[1] + self.lengths - 1).view(-1, 1, 1).expand(-1, 1, hidden.shape[2])
        return self._noted(hidden.gather(1, last))

    def _whole(self) -> Tensor:
        codes = self._positioned(self.groups, self.spoken, self.positions)
        mask = causal_mask(self.text_mask, self.code_mask)
        sequence = torch.cat([self.text, codes], dim=1)
        hidden: Tensor = self.decoder.transformer(sequence, mask, caches=self.caches)
        return hidden

    def _positioned(self, groups: Tensor, spoken: Tensor, positions: Tensor) -> Tensor:
        """(B, J, group_size), (B, J) and (B, J) → (B, J, channels)."""
        embedded = self.decoder._embedded(groups)
        if self.place is not None:
            embedded = embedded + tokens_at(self.spoken_text, spoken)
        positioned: Tensor = self.decoder.code_position(embedded, positions)
        return positioned

    def _noted(self, hidden: Tensor) -> Tensor:
        """(B, 1, channels) → (B, group_size, channels); how the text goes on is kept."""
        if self.place is not None:
            self.advances = self.decoder.advance_head(hidden).squeeze(1)
        return self.decoder._predicted(hidden).squeeze(1)

    def logits(self, predicted: Tensor, before: Tensor | None) -> Tensor:
        """(B, V) of one code of a group, without the end where the text says when it ends.

        Args:
            predicted: (B, channels).
            before: (B,), the code before it in the group; None of the first.
        """
        decoder = self.decoder
        if before is not None and decoder.config.chained:
            predicted = decoder._chained(predicted, before.to(predicted.device))
        logits: Tensor = decoder.head(predicted)
        if self.place is not None:
            logits = logits.index_fill(1, torch.tensor([decoder.end], device=logits.device), -torch.inf)
        return logits

    def _advance(self, advances: Tensor) -> Tensor:
        """Tokens (B,) that the text goes on by: none until staying has become less likely than not."""
        probabilities = advances.softmax(-1)
        self.staying = self.staying * probabilities[:, 0]
        advance = torch.where(self.staying < 0.5, 1 + probabilities[:, 1:].argmax(-1), 0)
        self.staying = torch.where(advance > 0, 1.0, self.staying)
        return advance

    def next(self, drawn: Tensor) -> Tensor:
        """Predicted codes (B, group_size, channels) behind those (B, group_size) that were drawn."""
        column, positions = drawn.unsqueeze(1), self.lengths.unsqueeze(1)
        self.lengths = self.lengths + 1
        self.groups = torch.cat([self.groups, column], dim=1)
        self.positions = torch.cat([self.positions, positions], dim=1)
        self.code_mask = F.pad(self.code_mask, (0, 1), value=True)
        if self.place is not None and self.advances is not None:
            self.place = (self.place + self._advance(self.advances)).minimum(self.ends)
            self.spoken = torch.cat([self.spoken, self.place.unsqueeze(1)], dim=1)
        if self.caches is None:
            return self._noted(self._whole()[:, -1:])
        codes = self._positioned(column, self.spoken[:, -1:], positions)
        mask = torch.cat([self.text_mask, self.code_mask], dim=2).unsqueeze(1)
        hidden = self.decoder.transformer(codes, mask, caches=self.caches)
        return self._noted(hidden[:, -1:])


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
