"""Tests of `hiervox.modules.quantization.codebook`."""

from __future__ import annotations

import torch

from hiervox.modules.quantization.codebook import EMACodebook, kmeans


def _clusters(n_clusters: int = 4, each: int = 25) -> tuple[torch.Tensor, torch.Tensor]:
    centres = 10 * torch.eye(n_clusters)
    return centres, (centres.repeat_interleave(each, 0) + 0.1 * torch.randn(n_clusters * each, n_clusters))


def test_kmeans_keeps_the_mean_of_each_cluster() -> None:
    torch.manual_seed(3)
    _, vectors = _clusters()
    means, counts = kmeans(vectors, 4)
    assert counts.sum() == len(vectors)
    nearest = torch.cdist(vectors, means).argmin(1)
    for entry in range(4):
        torch.testing.assert_close(means[entry], vectors[nearest == entry].mean(0))


def test_the_first_batch_sets_the_entries_and_later_ones_move_them() -> None:
    torch.manual_seed(3)
    codebook = EMACodebook(4, 4, decay=0.5, least_usage=0.0).train()
    _, vectors = _clusters()
    batch = vectors.T[None]
    codebook(batch)
    assert codebook.initialized
    before = codebook.entries.clone()
    codebook(batch + 1)
    assert ((codebook.entries - before) > 0.3).any()
    codebook.eval()
    before = codebook.entries.clone()
    codebook(batch + 1)
    assert torch.equal(codebook.entries, before)


def test_unused_entries_are_replaced_and_stay_replaced() -> None:
    torch.manual_seed(3)
    codebook = EMACodebook(4, 4, least_usage=2.0).train()
    codebook.entries.copy_(torch.tensor([[0.0] * 4, [99.0] * 4, [98.0] * 4, [97.0] * 4]))
    codebook.entry_sums.copy_(codebook.entries)
    codebook.usage.fill_(1.0)
    codebook.initialized.fill_(1)
    _, vectors = _clusters()
    for _ in range(3):
        codebook(vectors.T[None])
    assert codebook.entries.max() < 20
    assert len(codebook.encode(vectors.T[None]).unique()) > 1
