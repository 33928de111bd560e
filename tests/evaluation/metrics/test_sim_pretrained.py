"""Speaker similarity by WavLM and ECAPA, with stand-in weights in the published layout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from hiervox.evaluation.metrics.sim_ecapa import EcapaSimilarity
from hiervox.evaluation.metrics.sim_wavlm import WavLMSimilarity
from hiervox.evaluation.table import Utterance
from hiervox.utils.errors import DependencyError
from tests.evaluation.rows import noise, save, scored


def cosine(first: torch.Tensor, second: torch.Tensor) -> float:
    return float(torch.nn.functional.cosine_similarity(first.flatten(), second.flatten(), dim=0))


def test_wavlm_agrees_with_transformers(tmp_path: Path) -> None:
    from transformers import Wav2Vec2FeatureExtractor, WavLMConfig, WavLMForXVector

    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    config = WavLMConfig(
        **sizes,
        conv_dim=(16, 16),
        conv_kernel=(10, 8),
        conv_stride=(5, 8),
        num_feat_extract_layers=2,
        num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2,
        tdnn_dim=(16, 16, 16, 16, 16),
        xvector_output_dim=8,
    )
    network = WavLMForXVector(config).eval()
    network.save_pretrained(tmp_path / "wavlm")
    first, second = noise(0.5, seed=1), noise(0.5, seed=2) ** 2
    extractor = Wav2Vec2FeatureExtractor(do_normalize=True)
    with torch.inference_mode():
        voices = [
            network(extractor(wav, sampling_rate=16000, return_tensors="pt").input_values).embeddings
            for wav in (first, second)
        ]
    metric = WavLMSimilarity(config=WavLMSimilarity.Settings(model=str(tmp_path / "wavlm")))
    metric.prepare()
    row = Utterance(2, "1", "x", save(tmp_path, "a", first), prompt=save(tmp_path, "b", second))
    assert scored(metric, row)["sim_wavlm"] == pytest.approx(cosine(*voices), abs=1e-4)


def test_ecapa_agrees_with_speechbrain(tmp_path: Path) -> None:
    pytest.importorskip("speechbrain", reason="needs the extra torchaudio")
    from speechbrain.lobes.features import Fbank
    from speechbrain.lobes.models.ECAPA_TDNN import ECAPA_TDNN
    from speechbrain.processing.features import InputNormalization

    torch.manual_seed(0)
    network = ECAPA_TDNN(80, lin_neurons=192).eval()
    torch.save(network.state_dict(), tmp_path / "embedding_model.ckpt")
    first, second = noise(0.5, seed=1), noise(0.5, seed=2) ** 2
    normalize = InputNormalization(norm_type="sentence", std_norm=False)
    with torch.inference_mode():
        voices = [
            network(normalize(Fbank(n_mels=80)(torch.from_numpy(wav)[None]), torch.ones(1)))
            for wav in (first, second)
        ]
    metric = EcapaSimilarity(config=EcapaSimilarity.Settings(model=str(tmp_path)))
    metric.prepare()
    row = Utterance(2, "1", "x", save(tmp_path, "a", first), prompt=save(tmp_path, "b", second))
    assert scored(metric, row)["sim_ecapa"] == pytest.approx(cosine(*voices), abs=1e-4)


def test_folders_without_weights_are_told(tmp_path: Path) -> None:
    with pytest.raises(DependencyError, match="can't load"):
        WavLMSimilarity(config=WavLMSimilarity.Settings(model=str(tmp_path))).prepare()
    pytest.importorskip("speechbrain")
    with pytest.raises(DependencyError, match=r"has no embedding_model.ckpt"):
        EcapaSimilarity(config=EcapaSimilarity.Settings(model=str(tmp_path))).prepare()


def test_an_embedding_s_length_does_not_count(tmp_path: Path) -> None:
    class Level(WavLMSimilarity):
        def embed(self, wav):
            return np.array([wav.std(), 2 * wav.std()])

    row = Utterance(2, "1", "x", save(tmp_path, "a", noise(0.5)), prompt=save(tmp_path, "b", 3 * noise(0.5)))
    assert scored(Level(), row)["sim_wavlm"] == pytest.approx(1)
