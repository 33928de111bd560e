"""Captions to what a U-Net is conditioned on: by an encoder that is trained along, by T5, or by CLAP."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple, Protocol
from zlib import crc32

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn

from hiervox.models.tta._latent.unet import Condition
from hiervox.modules.transformers.relative import RelativeTransformer, TransformerSizes
from hiervox.processors.semantic.hub import load_pretrained
from hiervox.utils.errors import DependencyError
from hiervox.utils.schema import Sizes

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

PADDING, BEGIN = 0, 1
"""Rows of the table that are no word's: a caption begins with the second, so that none is empty."""
SPECIAL = 2
WORD = re.compile(r"[^\W_]+")
INSTEAD = 'name a folder that holds the model, or set model.captions to {kind: "words"}'


class Widths(NamedTuple):
    """Channels of what an encoder gives; None for what it doesn't."""

    tokens: int | None
    vector: int | None


class WordEncoderSizes(Sizes):
    """Of the encoder that is trained with the network.

    Attributes:
        n_rows: of the table of words; a word has the row that its checksum says, so that there is no list of
            words, and two may share one.
        channels: of a token.
        layers: of the transformer over the words.
        most_words: of a caption; more are cut off.
    """

    kind: Literal["words"] = "words"
    n_rows: PositiveInt = Field(8192, gt=SPECIAL)
    channels: PositiveInt = 256
    layers: TransformerSizes = TransformerSizes(filter_channels=512, n_heads=4, n_layers=2, kernel_size=1)
    most_words: PositiveInt = 64

    @property
    def widths(self) -> Widths:
        """Both."""
        return Widths(self.channels, self.channels)


class ClassEncoderSizes(Sizes):
    """Of a table of sounds, of which a caption names one.

    Attributes:
        names: of the rows; the first that a caption holds is meant.
        n_rows: of the table, at least as many.
        channels: of a token.
    """

    kind: Literal["classes"] = "classes"
    names: tuple[str, ...] = ()
    n_rows: PositiveInt = 24
    channels: PositiveInt = 1024

    @property
    def widths(self) -> Widths:
        """Tokens alone."""
        return Widths(self.channels, None)


class PretrainedCaptions(Sizes):
    """Of an encoder of transformers, which stays as it is and is not part of a checkpoint.

    Attributes:
        kind: T5's encoder, whose tokens are attended to, or CLAP's text branch, which gives a vector.
        name: on the Hub, or a folder.
        channels: of a token or of the vector.
        doubled: CLAP's vector is one token of twice the width, each number standing twice (PicoAudio).
    """

    kind: Literal["t5", "clap"]
    name: str
    channels: PositiveInt
    doubled: bool = False

    @property
    def widths(self) -> Widths:
        """One of the two."""
        if self.kind == "t5":
            return Widths(self.channels, None)
        return Widths(2 * self.channels, None) if self.doubled else Widths(None, self.channels)


CaptionSizes = Annotated[
    WordEncoderSizes | ClassEncoderSizes | PretrainedCaptions, Field(discriminator="kind")
]


class CaptionEncoder(Protocol):
    """Captions to conditions."""

    def encode(self, captions: Sequence[str], device: torch.device) -> Condition:
        """B captions to a condition of B items."""


def word_rows(caption: str, sizes: WordEncoderSizes) -> list[int]:
    """The table's rows of a caption's words, of letters and digits of any case."""
    words = WORD.findall(caption.casefold())[: sizes.most_words]
    return [BEGIN, *(SPECIAL + crc32(word.encode()) % (sizes.n_rows - SPECIAL) for word in words)]


class WordEncoder(nn.Module):
    """Words, by a table and a transformer, to tokens.

    Args:
        sizes: see `WordEncoderSizes`.
    """

    def __init__(self, sizes: WordEncoderSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.table = nn.Embedding(sizes.n_rows, sizes.channels, padding_idx=PADDING)
        self.transformer = RelativeTransformer(sizes.channels, sizes.layers)

    def encode(self, captions: Sequence[str], device: torch.device) -> Condition:
        """Tokens (B, L, channels), their mask, and their mean (B, channels) as the vector."""
        rows = [word_rows(caption, self.sizes) for caption in captions]
        longest = max(map(len, rows))
        padded = [row + [PADDING] * (longest - len(row)) for row in rows]
        numbers = torch.tensor(padded, device=device)
        mask = numbers != PADDING
        found: Tensor = self.transformer(self.table(numbers).mT, mask[:, None].to(self.table.weight))
        vector = found.sum(2) / mask.sum(1, keepdim=True)
        return Condition(found.mT, mask, vector)


class ClassEncoder(nn.Module):
    """The first sound that a caption names, to one token.

    Args:
        sizes: see `ClassEncoderSizes`.
    """

    def __init__(self, sizes: ClassEncoderSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.table = nn.Embedding(sizes.n_rows, sizes.channels)

    def encode(self, captions: Sequence[str], device: torch.device) -> Condition:
        """Tokens (B, 1, channels), 0 where a caption names nothing."""
        rows = torch.tensor([self._row(caption) for caption in captions], device=device)
        tokens = self.table(rows.clamp_min(0)) * (rows >= 0)[:, None]
        return Condition(tokens[:, None])

    def _row(self, caption: str) -> int:
        """-1 for nothing."""
        places = {number: caption.casefold().find(name.casefold()) for number, name in self._named()}
        found = {number: place for number, place in places.items() if place >= 0}
        return min(found, key=lambda number: found[number], default=-1)

    def _named(self) -> list[tuple[int, str]]:
        return list(enumerate(self.sizes.names))


class PretrainedEncoder:
    """What the pretrained encoders share; they are no part of a network's weights.

    Args:
        sizes: see `PretrainedCaptions`.
    """

    def __init__(self, sizes: PretrainedCaptions, network: PreTrainedModel) -> None:
        self.sizes = sizes
        self.network = network.requires_grad_(False)
        self.tokenizer = _tokenizer(sizes.name)

    def tokens(self, captions: Sequence[str], device: torch.device) -> tuple[Tensor, Tensor]:
        """Numbers and mask (B, L) each; the network goes to the device."""
        nn.Module.to(self.network, device)
        found = self.tokenizer(list(captions), padding=True, truncation=True, return_tensors="pt")
        return found["input_ids"].to(device), found["attention_mask"].to(device)


class T5Captions(PretrainedEncoder):
    """The last hidden states of T5's encoder (Amphion).

    Padding is attended to, as published: the encoder knows of it, and the U-Net does not.
    """

    def __init__(self, sizes: PretrainedCaptions) -> None:
        from transformers import T5EncoderModel

        super().__init__(sizes, load_pretrained(T5EncoderModel, sizes.name, INSTEAD))

    @torch.no_grad()
    def encode(self, captions: Sequence[str], device: torch.device) -> Condition:
        """Tokens (B, L, channels)."""
        numbers, mask = self.tokens(captions, device)
        return Condition(self.network(input_ids=numbers, attention_mask=mask).last_hidden_state)


class ClapCaptions(PretrainedEncoder):
    """CLAP's embedding of a caption, of length 1 (AudioLDM, arXiv 2301.12503, section 2.1)."""

    def __init__(self, sizes: PretrainedCaptions) -> None:
        from transformers import ClapTextModelWithProjection

        super().__init__(sizes, load_pretrained(ClapTextModelWithProjection, sizes.name, INSTEAD))

    @torch.no_grad()
    def encode(self, captions: Sequence[str], device: torch.device) -> Condition:
        """The vector (B, channels), or the one token that it is doubled to."""
        numbers, mask = self.tokens(captions, device)
        found = self.network(input_ids=numbers, attention_mask=mask).text_embeds
        vector = nn.functional.normalize(found, dim=-1)
        return doubled(vector) if self.sizes.doubled else Condition(vector=vector)


def doubled(vector: Tensor) -> Condition:
    """A vector (B, D) as one token (B, 1, 2 D), each number twice (PicoAudio's published code)."""
    return Condition(vector.repeat_interleave(2, dim=1)[:, None])


def build_trained(sizes: CaptionSizes) -> WordEncoder | ClassEncoder | None:
    """The encoder that a config names, where it is part of the network."""
    if isinstance(sizes, WordEncoderSizes):
        return WordEncoder(sizes)
    return ClassEncoder(sizes) if isinstance(sizes, ClassEncoderSizes) else None


def build_pretrained(sizes: CaptionSizes) -> CaptionEncoder:
    """The encoder of transformers that a config names.

    Raises:
        DependencyError: its weights are not there.
    """
    assert isinstance(sizes, PretrainedCaptions)
    return T5Captions(sizes) if sizes.kind == "t5" else ClapCaptions(sizes)


def _tokenizer(name: str) -> PreTrainedTokenizerBase:
    """
    Raises:
        DependencyError: it is not there.
    """
    from transformers import AutoTokenizer

    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(name)
    except (OSError, ValueError, ImportError) as error:
        raise DependencyError(f"{name} has no tokenizer ({error})", INSTEAD) from error
    return tokenizer
