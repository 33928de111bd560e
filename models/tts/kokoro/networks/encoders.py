"""What reads phonemes: for sound, for prosody (StyleTTS 2, arXiv 2306.07691, section 3.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import PositiveInt
from torch import Tensor, nn
from torch.nn import functional

from hiervox.modules.normalization.layer_norm import ChannelLayerNorm
from hiervox.utils.schema import Sizes

if TYPE_CHECKING:
    from transformers import AlbertModel

SLOPE = 0.2
KERNEL_SIZE = 5


class BertSizes(Sizes):
    """Sizes of the phoneme-level BERT (PL-BERT, arXiv 2301.08810), an Albert.

    Attributes:
        embedding_channels: of its tables.
        channels: inside.
        n_heads, n_layers: of the layer, which is used so many times.
        filter_channels: of its feed-forward network.
        positions: longest sequence.
    """

    embedding_channels: PositiveInt = 128
    channels: PositiveInt = 768
    n_heads: PositiveInt = 12
    n_layers: PositiveInt = 12
    filter_channels: PositiveInt = 2048
    positions: PositiveInt = 512


def build_bert(n_symbols: int, sizes: BertSizes) -> AlbertModel:
    """The Albert of transformers, without a pooler."""
    from transformers import AlbertConfig, AlbertModel

    config = AlbertConfig(
        vocab_size=n_symbols,
        embedding_size=sizes.embedding_channels,
        hidden_size=sizes.channels,
        num_attention_heads=sizes.n_heads,
        num_hidden_layers=sizes.n_layers,
        intermediate_size=sizes.filter_channels,
        max_position_embeddings=sizes.positions,
    )
    return AlbertModel(config, add_pooling_layer=False)


def bidirectional(inputs: int, outputs: int) -> nn.LSTM:
    """A bidirectional LSTM over (B, T, inputs), whose halves have `outputs` / 2 channels."""
    return nn.LSTM(inputs, outputs // 2, batch_first=True, bidirectional=True)


class KokoroTextEncoder(nn.Module):
    """Embedding, convolutions and a bidirectional LSTM.

    Args:
        n_symbols: rows of the table.
        channels: everywhere.
        n_layers: convolutions.
    """

    def __init__(self, n_symbols: int, channels: int, n_layers: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(n_symbols, channels)
        self.convs = nn.ModuleList(
            nn.Conv1d(channels, channels, KERNEL_SIZE, padding=KERNEL_SIZE // 2) for _ in range(n_layers)
        )
        self.norms = nn.ModuleList(ChannelLayerNorm(channels) for _ in range(n_layers))
        self.lstm = bidirectional(channels, channels)

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, L), all of one length → (B, channels, L)."""
        x = self.embedding(tokens).mT
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = functional.leaky_relu(norm(conv(x)), SLOPE)
        hidden: Tensor = self.lstm(x.mT)[0].mT
        return hidden
