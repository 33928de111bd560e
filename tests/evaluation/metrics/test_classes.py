from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from hiervox.evaluation.classifiers import PannsClassifier, TransformerClassifier
from hiervox.evaluation.metrics.classes import ClassDistances, softmax
from hiervox.evaluation.panns import Cnn14, load_cnn14
from hiervox.utils.errors import ConfigError, DependencyError
from tests.evaluation.rows import noise, pair, row, scored


class Loudness:
    """A classifier of two classes: loud and quiet."""

    sample_rate = 16000

    def __init__(self, device: str) -> None:
        self.device = device

    def classify(self, wav):
        level = float(np.abs(wav).mean())
        return np.array([level, 2 * level], np.float32), np.array([level, -level], np.float32) * 10

    def files(self):
        return {}


def metric(model: str) -> ClassDistances:
    return ClassDistances(config=ClassDistances.Settings(model=model))


def test_figures_of_a_classifier(tmp_path) -> None:
    classes, rows = metric("tests.evaluation.metrics.test_classes:Loudness"), []
    classes.prepare()
    for number in range(3):
        (tmp_path / str(number)).mkdir()
        utterance = pair(tmp_path / str(number), noise(0.2), (2 + number) * noise(0.2))
        rows.append(row(utterance, scored(classes, utterance)))
    found = classes.summarize(rows)
    assert all(found[name] is not None for name in ("fd", "inception", "kl"))
    assert found["inception"].value == pytest.approx(1)  # all recordings are one
    level = float(np.abs(noise(0.2)).mean())
    target, ours = (softmax(np.array([10 * scale * level, -10 * scale * level])) for scale in (2, 1))
    assert rows[0].scores["kl"] == pytest.approx(float((target * np.log(target / ours)).sum()), rel=1e-3)


def test_panns_blocks_halve_time_and_frequency(tmp_path: Path) -> None:
    """The published layout: names and shapes of the weights, 527 logits, 2048 features."""
    torch.manual_seed(0)
    network = Cnn14().eval()
    torch.save({"model": network.state_dict()}, tmp_path / "Cnn14.pth")
    state = load_cnn14(tmp_path / "Cnn14.pth").state_dict()
    assert state["conv_block6.conv2.weight"].shape == (2048, 2048, 3, 3)
    assert state["fc_audioset.weight"].shape == (527, 2048)
    features, logits = PannsClassifier(str(tmp_path / "Cnn14.pth")).classify(noise(0.2, rate=32000))
    assert (features.shape, logits.shape) == ((2048,), (527,))


def test_panns_hears_decibels_of_a_mel_spectrogram() -> None:
    import librosa

    wav = noise(0.5, rate=32000)
    expected = librosa.power_to_db(
        librosa.feature.melspectrogram(
            y=wav, sr=32000, n_fft=1024, hop_length=320, n_mels=64, fmin=50, fmax=14000, pad_mode="reflect"
        ),
        ref=1.0,
        amin=1e-10,
        top_db=None,
    )
    torch.manual_seed(0)
    found = Cnn14().log_mel(torch.from_numpy(wav)[None])[0].numpy()
    assert found == pytest.approx(expected, abs=1e-3)


def test_a_folder_of_transformers_classifies(tmp_path: Path) -> None:
    from transformers import ASTConfig, ASTFeatureExtractor, ASTForAudioClassification

    torch.manual_seed(0)
    config = ASTConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_length=64,
        num_mel_bins=32,
        num_labels=5,
    )
    network = ASTForAudioClassification(config).eval()
    network.save_pretrained(tmp_path)
    extractor = ASTFeatureExtractor(num_mel_bins=32, max_length=64)
    extractor.save_pretrained(tmp_path)
    wav = noise(0.5)
    with torch.inference_mode():
        expected = network(**extractor(wav, sampling_rate=16000, return_tensors="pt")).logits[0].numpy()
    features, logits = TransformerClassifier(str(tmp_path)).classify(wav)
    assert features.shape == (16,)
    assert logits == pytest.approx(expected, abs=1e-5)


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(DependencyError, match=r"classes\.model=panns"):
        metric("").prepare()
    with pytest.raises(ConfigError, match="no classifier 'x'"):
        metric("x").prepare()
    (tmp_path / "a.pth").write_bytes(b"no weights")
    with pytest.raises(DependencyError, match=r"can't load .*a\.pth as Cnn14"):
        metric(f"panns:{tmp_path / 'a.pth'}").prepare()
