"""Tests of `hiervox.models.tts.valle.codec_embeddings`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from hiervox.models.tts.valle.codec_embeddings import fourier_features, start_from_entries
from hiervox.models.tts.valle.config import AutoregressiveExperiment
from hiervox.models.tts.valle.task import AutoregressiveTask
from hiervox.utils.errors import ConfigError
from tests.models.tts.valle.tiny_valle import SIZES, tiny_autoregressive, tiny_non_autoregressive

ENTRIES = [torch.randn(16, 6, generator=torch.Generator().manual_seed(book)) for book in range(4)]


def test_near_entries_have_near_features() -> None:
    entries = torch.cat([ENTRIES[0], ENTRIES[0] + 1e-3])
    features = fourier_features(entries, 64)
    assert features.shape == (32, 64)
    similarity = F.cosine_similarity(features[:, None], features[None], dim=2)
    assert similarity[range(16), range(16, 32)].min() > 0.99
    apart = similarity[:16, :16] - torch.eye(16)
    assert apart.abs().mean() < 0.5
    assert features.square().mean().sqrt().isclose(torch.tensor(1.0), atol=0.1)


def test_directions_without_variance_count_nothing() -> None:
    first, second = (torch.cat([ENTRIES[0], 1e-4 * torch.randn(16, 3)], dim=1) for _ in range(2))
    torch.testing.assert_close(fourier_features(first, 16), fourier_features(second, 16), atol=0.02, rtol=0)


def test_tables_and_matrices_begin_with_them() -> None:
    decoder = tiny_autoregressive()
    end = decoder.head.weight[-1].clone()
    start_from_entries(decoder, ENTRIES[:1])
    features = fourier_features(ENTRIES[0], 16)
    torch.testing.assert_close(decoder.code_embedding.weight[:-1], features)
    torch.testing.assert_close(decoder.head.weight[:-1], features / 4)
    torch.testing.assert_close(decoder.head.weight[-1], end)

    other = tiny_non_autoregressive()
    start_from_entries(other, ENTRIES)
    for stage in (1, 2, 3):
        torch.testing.assert_close(other._head(stage), fourier_features(ENTRIES[stage], 16) / 4)
    torch.testing.assert_close(other.code_embeddings[0].weight[:-1], features)


def _task(model: str | None) -> AutoregressiveTask:
    tree: dict[str, Any] = {
        "system": "valle",
        "part": "autoregressive",
        "out_dir": "unused",
        "data": {"cuts": "unused"},
        "model": SIZES,
        "codec_embeddings": True,
        "features": {"codes": {"model": model}},
    }
    return AutoregressiveTask(AutoregressiveExperiment.model_validate(tree))


class _Codec:
    """What `VectorCodec` asks for."""

    rate, frame_rate, codebooks, codebook_size = 16_000, 50.0, 4, 16
    fingerprint = ""

    def entries(self, codebook: int) -> Any:
        return np.asarray(ENTRIES[codebook])

    def encode(self, wav: Any, rate: int, codebooks: int | None = None) -> Any: ...

    def decode(self, codes: Any) -> Any: ...


def test_a_task_takes_them_from_the_codec_of_its_features(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}._load", lambda *args, **kwargs: _Codec(), raising=False)
    monkeypatch.setattr("hiervox.models.tts.valle.task.LOAD", f"{__name__}:_load")
    network = _task("some").build_networks()["main"]
    weight: Tensor = network.get_parameter("code_embedding.weight")
    torch.testing.assert_close(weight[:-1], fourier_features(ENTRIES[0], 16))
    monkeypatch.setattr(_Codec, "codebook_size", 8)
    with pytest.raises(ConfigError, match="has no codebooks of 16 vectors"):
        _task("some").build_networks()
    with pytest.raises(ConfigError, match="wants a codec"):
        _task(None).build_networks()
