"""The non-autoregressive decoder of VALL-E: from the first codebook to all others
(arXiv 2301.02111, section 4.2.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from hiervox.models.tts.valle.config import NonAutoregressiveConfig
from hiervox.models.tts.valle.networks.pre_norm import PreNormTransformer
from hiervox.models.tts.valle.networks.spoken_token import UNSAID, SpokenText, tokens_at
from hiervox.modules.encoders.sine_position import SinePosition
from hiervox.modules.functional.masking import sequence_mask


class NonAutoregressiveDecoder(nn.Module):
    """A transformer over text and codes in which everything sees everything, run once for each codebook.

    Stage k predicts codebook k (from 0) from all earlier ones; 1 is the first stage. The output matrix of
    each stage but the last is the embedding table of the codebook after the one that it predicts.

    Args:
        config: sizes.
    """

    def __init__(self, config: NonAutoregressiveConfig) -> None:
        super().__init__()
        self.config = config
        stages = config.n_codebooks - 1
        self.text_embedding = nn.Embedding(config.n_tokens, config.channels)
        # The first table has a row for padding, like the autoregressive decoder's.
        self.code_embeddings = nn.ModuleList(
            nn.Embedding(config.n_codes + (book == 0), config.channels) for book in range(stages + 1)
        )
        for table in self.code_embeddings[2:]:  # output matrices too, whose logits would start far too large
            nn.init.normal_(table.get_parameter("weight"), std=config.channels**-0.5)
        self.text_position = SinePosition(learned=False)
        self.code_position = SinePosition(config.dropout, learned=False)
        self.stage_embedding = nn.Embedding(stages, config.channels)
        self.transformer = PreNormTransformer(config, condition_channels=config.channels)
        self.last_head = nn.Linear(config.channels, config.n_codes, bias=False)
        if config.monotonic:
            self.spoken_text = SpokenText(config.channels)

    @property
    def n_stages(self) -> int:
        """How many codebooks it predicts."""
        return self.config.n_codebooks - 1

    def forward(
        self,
        tokens: Tensor,
        token_lengths: Tensor,
        codes: Tensor,
        code_lengths: Tensor,
        stage: int,
        prompt_frames: int = 0,
        spoken: Tensor | None = None,
    ) -> Tensor:
        """Logits of codebook `stage` for the frames behind the prompt.

        Args:
            tokens: (B, L), with the marks of beginning and end.
            token_lengths: (B,).
            codes: (B, T, n_codebooks); of the frames behind the prompt only books under `stage` are read.
            code_lengths: (B,).
            stage: 1 to n_codebooks - 1.
            prompt_frames: frames at the beginning that are read with all codebooks.
            spoken: (B, T - prompt_frames), the place in `tokens` of what each frame behind the prompt
                speaks; of monotonic decoders.

        Returns:
            (B, T - prompt_frames, n_codes).
        """
        embedded = torch.cat(
            [
                self.embed(codes[:, :prompt_frames], self.config.n_codebooks),
                self.embed(codes[:, prompt_frames:], stage),
            ],
            dim=1,
        )
        text_mask = sequence_mask(token_lengths, tokens.shape[1]).bool()
        code_mask = sequence_mask(code_lengths, codes.shape[1]).bool()
        mask = torch.cat([text_mask, code_mask], dim=2).unsqueeze(1)
        text = self.text_position(self.text_embedding(tokens))
        if spoken is not None:
            embedded = embedded + self._said(text, text_mask, spoken, prompt_frames)
        return self._logits(text, embedded, stage, mask)[:, prompt_frames:]

    def _said(self, text: Tensor, text_mask: Tensor, spoken: Tensor, prompt_frames: int) -> Tensor:
        """What is spoken behind a prompt, (B, prompt_frames + T, channels)."""
        places = F.pad(spoken, (prompt_frames, 0), value=UNSAID)
        return tokens_at(self.spoken_text(text, text_mask), places)

    def embed(self, codes: Tensor, books: int) -> Tensor:
        """Sum of the embeddings of the first `books` codebooks: (B, T, Q) → (B, T, channels)."""
        embedded = [self.code_embeddings[book](codes[..., book]) for book in range(books)]
        return torch.stack(embedded).sum(0)

    def _logits(self, text: Tensor, codes: Tensor, stage: int, mask: Tensor | None) -> Tensor:
        sequence = torch.cat([text, self.code_position(codes)], dim=1)
        condition = self.stage_embedding.weight[stage - 1].view(1, 1, -1)
        hidden = self.transformer(sequence, mask, condition)[:, text.shape[1] :]
        return F.linear(hidden, self._head(stage))

    def _head(self, stage: int) -> Tensor:
        if stage == self.n_stages:
            return self.last_head.weight
        table = self.code_embeddings[stage + 1]
        assert isinstance(table, nn.Embedding)
        return table.weight

    @torch.no_grad()
    def write(self, tokens: Tensor, prompt: Tensor, first: Tensor, spoken: Tensor | None = None) -> Tensor:
        """The most likely codes of all codebooks for one item.

        Args:
            tokens: (1, L), with the marks of beginning and end; with the prompt's text but for a decoder
                trained on excerpts.
            prompt: (1, P, n_codebooks).
            first: (1, T), the first codebook behind the prompt.
            spoken: (1, T), the place in `tokens` of what each frame speaks; of monotonic decoders.

        Returns:
            (1, T, n_codebooks).
        """
        text = self.text_position(self.text_embedding(tokens))
        frames = prompt.shape[1]
        stage_by_stage = self.config.prompt == "none"
        before = self.embed(prompt, 1 if stage_by_stage else self.config.n_codebooks)
        embedded = torch.cat([before, self.embed(first.unsqueeze(-1), 1)], dim=1)
        if spoken is not None:
            whole = torch.ones_like(tokens).bool().unsqueeze(1)
            embedded = embedded + self._said(text, whole, spoken, frames)
        books = [first]
        for stage in range(1, self.config.n_codebooks):
            logits = self._logits(text, embedded, stage, None)[:, frames:]
            books.append(logits.argmax(-1))
            if stage < self.n_stages:
                table = self.code_embeddings[stage]
                more = table(books[-1])
                prompt_more = table(prompt[..., stage]) if stage_by_stage else torch.zeros_like(before)
                embedded = embedded + torch.cat([prompt_more, more], dim=1)
        return torch.stack(books, dim=-1)
