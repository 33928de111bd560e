"""A codebook learned by exponential moving averages (VQ-VAE, arXiv 1711.00937, appendix A.1)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

KMEANS_ROUNDS = 50  # EnCodec's published code
SMOOTHING = 1e-5  # of Laplace smoothing: EnCodec's published code


def nearest_entries(vectors: Tensor, entries: Tensor) -> Tensor:
    """Index (N,) of the entry (K, D) that is nearest to each vector (N, D)."""
    distances = vectors.square().sum(1, keepdim=True) - 2 * vectors @ entries.T + entries.square().sum(1)
    return distances.argmin(dim=1)


def kmeans(vectors: Tensor, n_entries: int, rounds: int = KMEANS_ROUNDS) -> tuple[Tensor, Tensor]:
    """Lloyd's algorithm from randomly chosen vectors.

    Args:
        vectors: (N, D).
        n_entries: K.
        rounds: of assignment and averaging.

    Returns:
        the means (K, D), and how many vectors belong to each (K,).
    """
    means = draw_vectors(vectors, n_entries)
    counts = vectors.new_zeros(n_entries)
    for _ in range(rounds):
        counts, sums = _accumulate(vectors, nearest_entries(vectors, means), n_entries)
        means = torch.where(counts[:, None] > 0, sums / counts.clamp_min(1)[:, None], means)
    return means, counts


def draw_vectors(vectors: Tensor, count: int) -> Tensor:
    """`count` of the vectors (N, D) at random, each at most once if there are enough."""
    if len(vectors) >= count:
        return vectors[torch.randperm(len(vectors), device=vectors.device)[:count]]
    return vectors[torch.randint(len(vectors), (count,), device=vectors.device)]


class EMACodebook(nn.Module):
    """Entries that follow the vectors assigned to them.

    In training mode each call moves the entries; the first one sets them by k-means. With several processes
    the statistics are summed over all of them, so that the codebooks stay equal.

    Args:
        n_entries: K.
        dimension: D of an entry.
        decay: of the moving averages.
        least_usage: an entry to which fewer vectors belong on average is replaced by a vector of the batch;
            0 replaces none.

    Attributes:
        entries: (K, D).
        entry_sums: (K, D), moving average of the sum of the vectors of an entry.
        usage: (K,), moving average of their number.
        initialized: whether the entries have been set.
    """

    entries: Tensor
    entry_sums: Tensor
    usage: Tensor
    initialized: Tensor

    def __init__(self, n_entries: int, dimension: int, decay: float = 0.99, least_usage: float = 2.0) -> None:
        super().__init__()
        self.decay = decay
        self.least_usage = least_usage
        self.register_buffer("entries", torch.zeros(n_entries, dimension))
        self.register_buffer("entry_sums", torch.zeros(n_entries, dimension))
        self.register_buffer("usage", torch.zeros(n_entries))
        self.register_buffer("initialized", torch.zeros(1))
        self._known_initialized = False  # a copy, so that a step waits for no GPU

    def encode(self, x: Tensor) -> Tensor:
        """(B, D, T) → codes (B, T)."""
        vectors = x.transpose(1, 2).flatten(0, 1).to(self.entries.dtype)
        return nearest_entries(vectors, self.entries).view(x.shape[0], x.shape[2])

    def decode(self, codes: Tensor) -> Tensor:
        """Codes (B, T) → (B, D, T)."""
        return F.embedding(codes, self.entries).transpose(1, 2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(B, D, T) → the nearest entries (B, D, T), without a gradient, and their codes (B, T)."""
        vectors = x.detach().transpose(1, 2).flatten(0, 1).to(self.entries.dtype)
        if self.training and not self._known_initialized:
            if not self.initialized:
                self._initialize(vectors)
            self._known_initialized = True
        codes = self.encode(x.detach())
        nearest = self.decode(codes)
        if self.training:
            self._update(vectors, codes.flatten())
        return nearest, codes

    def _load_from_state_dict(self, *arguments: Any) -> None:
        self._known_initialized = False
        super()._load_from_state_dict(*arguments)

    @torch.no_grad()
    def _initialize(self, vectors: Tensor) -> None:
        means, counts = kmeans(vectors, len(self.entries))
        self.entries.copy_(_from_first_process(means))
        self.usage.copy_(_from_first_process(counts))
        self.entry_sums.copy_(self.entries * self.usage[:, None])
        self.initialized.fill_(1)

    @torch.no_grad()
    def _update(self, vectors: Tensor, codes: Tensor) -> None:
        counts, sums = _accumulate(vectors, codes, len(self.entries))
        self.usage.lerp_(_summed_over_processes(counts), 1 - self.decay)
        self.entry_sums.lerp_(_summed_over_processes(sums), 1 - self.decay)
        total = self.usage.sum()
        smoothed = (self.usage + SMOOTHING) / (total + len(self.usage) * SMOOTHING) * total
        self.entries.copy_(self.entry_sums / smoothed[:, None])
        self._replace_unused(vectors)

    def _replace_unused(self, vectors: Tensor) -> None:
        unused = self.usage < self.least_usage
        drawn = _from_first_process(draw_vectors(vectors, len(self.entries)))  # always: to ask is to wait
        self.entries.copy_(torch.where(unused[:, None], drawn, self.entries))
        # Averages as if just enough vectors had belonged to it: the next update would undo it otherwise.
        self.usage.masked_fill_(unused, self.least_usage)
        self.entry_sums.copy_(torch.where(unused[:, None], self.least_usage * drawn, self.entry_sums))


def _accumulate(vectors: Tensor, codes: Tensor, n_entries: int) -> tuple[Tensor, Tensor]:
    """Number (K,) and sum (K, D) of the vectors of each entry."""
    counts = vectors.new_zeros(n_entries).index_add_(0, codes, vectors.new_ones(len(codes)))
    sums = vectors.new_zeros(n_entries, vectors.shape[1]).index_add_(0, codes, vectors)
    return counts, sums


def _distributed() -> bool:
    return torch.distributed.is_available() and torch.distributed.is_initialized()


def _summed_over_processes(x: Tensor) -> Tensor:
    if _distributed():
        torch.distributed.all_reduce(x)
    return x


def _from_first_process(x: Tensor) -> Tensor:
    x = x.contiguous()
    if _distributed():
        torch.distributed.broadcast(x, 0)
    return x
