"""A narrow layer between a recogniser's features and phonemes, where little but the phonemes gets through."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from hiervox.processors.semantic.extractor import SemanticExtractor
from hiervox.utils.errors import CheckpointError, ConfigError

SHIPPED = Path(__file__).parent / "bottlenecks"
KERNEL_SIZES = (5, 3)
BLOCK_KERNEL = 7
BLOCK_EXPANSION = 2
BLOCK_SCALE = 0.1
"""Of a block's part at first."""


class PhoneticBlock(nn.Module):
    """A residual block as ConvNeXt's (arXiv 2201.03545): depthwise convolution, layer norm, two layers.

    Args:
        channels: of input and output.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        padding = BLOCK_KERNEL // 2
        self.depthwise = nn.Conv1d(channels, channels, BLOCK_KERNEL, padding=padding, groups=channels)
        self.norm = nn.LayerNorm(channels)
        self.expand = nn.Linear(channels, BLOCK_EXPANSION * channels)
        self.project = nn.Linear(BLOCK_EXPANSION * channels, channels)
        self.scale = nn.Parameter(torch.full((channels,), BLOCK_SCALE))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(B, channels, N) and (B, 1, N), which says what is no padding, to (B, channels, N)."""
        hidden = self.norm(self.depthwise(x * mask).mT)
        return x + (self.scale * self.project(functional.gelu(self.expand(hidden)))).mT


class PhoneticBottleneck(nn.Module):
    """Two convolutions, any number of blocks between them, and a projection, in [-1, 1].

    Of the last hidden state of Whisper tiny.en the phonemes explain a tenth of the variance, and a small
    text-to-vec model that has to predict all of it learns little else than its mean. What a phoneme
    classifier needs of it is predictable. Such bottleneck features are an old means of recognition and of
    voice conversion (Grézl et al. 2007, "Probabilistic and bottle-neck features for LVCSR of meetings").

    Args:
        in_channels: of the features.
        hidden_channels: of both convolutions.
        out_channels: of the bottleneck.
        n_blocks: see `PhoneticBlock`; each lets a frame see three more on either side.

    Attributes:
        mean, std: (in_channels, 1), of the features that it was trained on.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, in_channels: int, hidden_channels: int, out_channels: int, n_blocks: int = 0) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(in_channels, 1))
        self.register_buffer("std", torch.ones(in_channels, 1))
        first, second = KERNEL_SIZES
        self.first = nn.Conv1d(in_channels, hidden_channels, first, padding=first // 2)
        self.blocks = nn.ModuleList(PhoneticBlock(hidden_channels) for _ in range(n_blocks))
        self.second = nn.Conv1d(hidden_channels, hidden_channels, second, padding=second // 2)
        self.projection = nn.Conv1d(hidden_channels, out_channels, 1)

    @property
    def in_channels(self) -> int:
        """Of the features."""
        return self.first.in_channels

    @property
    def out_channels(self) -> int:
        """Of the bottleneck."""
        return self.projection.out_channels

    def forward(self, features: Tensor, mask: Tensor | None = None) -> Tensor:
        """(B, in_channels, N) to (B, out_channels, N); what `mask` (B, 1, N) says is padding stays unseen."""
        if mask is None:
            mask = torch.ones_like(features[:, :1])
        hidden = functional.gelu(self.first((features - self.mean) / self.std * mask))
        for block in self.blocks:
            hidden = block(hidden, mask)
        hidden = functional.gelu(self.second(hidden * mask))
        return torch.tanh(self.projection(hidden)) * mask


def load_bottleneck(name: str) -> PhoneticBottleneck:
    """Read the weights; the sizes are those of the tensors.

    Args:
        name: of one that comes with this package, or a safetensors file.

    Raises:
        ConfigError: there is no such.
        CheckpointError: the file is broken, or holds something else.
    """
    path = SHIPPED / f"{name}.safetensors"
    if not path.is_file():
        path = Path(name)
    if not path.is_file():
        shipped = ", ".join(sorted(file.stem for file in SHIPPED.glob("*.safetensors")))
        raise ConfigError(f"no bottleneck {name}", f"name a safetensors file, or one of {shipped}")
    try:
        tensors = load_file(path)
        hidden, channels, _ = tensors["first.weight"].shape
        n_blocks = sum(key.startswith("blocks.") and key.endswith(".scale") for key in tensors)
        network = PhoneticBottleneck(channels, hidden, tensors["projection.weight"].shape[0], n_blocks)
        network.load_state_dict({key: tensor.float() for key, tensor in tensors.items()})
    except (SafetensorError, KeyError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"{path} holds no bottleneck", "name another file") from error
    return network.eval()


class NarrowedExtractor(SemanticExtractor):
    """What a bottleneck lets through of another extractor's vectors.

    Args:
        extractor: gives the vectors.
        name: of the bottleneck, see `load_bottleneck`.

    Raises:
        ConfigError: there is no such bottleneck, or it is for vectors of another width.
        CheckpointError: its file is broken.
    """

    def __init__(self, extractor: SemanticExtractor, name: str) -> None:
        self._extractor = extractor
        self._bottleneck = load_bottleneck(name).to(extractor.device).requires_grad_(False)
        if self._bottleneck.in_channels != extractor.channels:
            raise ConfigError(
                f"bottleneck {name} is for {self._bottleneck.in_channels} channels, not {extractor.channels}",
                "use the network that it was trained with",
            )
        super().__init__(extractor.config, self._bottleneck.out_channels, extractor.device)

    def _extract(self, wav: Tensor) -> Tensor:
        narrowed: Tensor = self._bottleneck(self._extractor.extract(wav, torch.is_grad_enabled()))
        return narrowed
