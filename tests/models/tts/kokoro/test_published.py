"""Tests of Kokoro's importer beyond golden files, and of what reads the published files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from hiervox.models.tts.kokoro import export
from hiervox.models.tts.kokoro.pretrained import EXPORT_NAME, VOCABULARY_NAME, VOICE_NAMES, VOICES_NAME
from hiervox.models.tts.kokoro.published import import_kokoro, without_weight_norm
from hiervox.utils.errors import CheckpointError
from tests.models.tts.kokoro.parity_cases import PUBLISHED


def test_weight_norm_in_both_forms_and_filters_of_norm_0() -> None:
    direction = torch.tensor([[3.0, 4.0], [0.0, 0.0]])
    for norm, vector in (
        ("weight_g", "weight_v"),
        ("parametrizations.weight.original0", "parametrizations.weight.original1"),
    ):
        tensors = {f"a.{norm}": torch.tensor([[10.0], [0.0]]), f"a.{vector}": direction}
        plain = without_weight_norm(tensors)
        assert set(plain) == {"a.weight"}
        torch.testing.assert_close(plain["a.weight"], torch.tensor([[6.0, 8.0], [0.0, 0.0]]))


def test_other_files_are_refused() -> None:
    with pytest.raises(CheckpointError):
        import_kokoro({}, {})
    with pytest.raises(CheckpointError, match="several shapes"):
        import_kokoro({"voices.a": torch.zeros(5, 1, 256), "voices.b": torch.zeros(4, 1, 256)}, PUBLISHED)
    with pytest.raises(CheckpointError, match="do not fit Kokoro"):
        import_kokoro({"bert_encoder.weight": torch.zeros(2, 2)}, PUBLISHED)


def test_a_torch_checkpoint_and_voices_become_published_names(tmp_path: Path) -> None:
    tree = {"bert": {"module.a.weight": torch.ones(2)}, "decoder": {"module.b": torch.zeros(3)}}
    torch.save(tree, tmp_path / "kokoro-v1_0.pth")
    assert set(export.read_weights(tmp_path / "kokoro-v1_0.pth")) == {"bert.a.weight", "decoder.b"}
    styles = np.arange(2 * 256, dtype="<f4").reshape(2, 256)
    styles.tofile(tmp_path / "ada.bin")
    torch.save(torch.from_numpy(styles)[:, None], tmp_path / "ada.pt")
    assert torch.equal(export.read_voice(tmp_path / "ada.bin"), export.read_voice(tmp_path / "ada.pt"))


def test_fetched_files_become_tensors_a_config_and_voices(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(export, "read_weights", lambda path: {"decoder.a": torch.ones(2)})
    styles = np.arange(len(VOICE_NAMES) * 2 * 256, dtype="<f4").reshape(len(VOICE_NAMES), 2, 256)
    files = {name: tmp_path / name for name in (EXPORT_NAME, VOICES_NAME, VOCABULARY_NAME)}
    styles.tofile(files[VOICES_NAME])
    files[VOCABULARY_NAME].write_text('{"vocab": {"a": 1}}', encoding="utf-8")
    checkpoint, config = export.read_fetched(files, tmp_path / "published")
    tensors = load_file(checkpoint)
    assert len(tensors) == 1 + 54 and json.loads(config.read_text("utf-8"))["vocab"] == {"a": 1}
    assert torch.equal(tensors["voices.zm_yunyang"], torch.from_numpy(styles[-1]))


def test_an_int8_export_is_turned_back(tmp_path: Path) -> None:
    """A convolution, a linear layer that is used twice, an embedding and an LSTM of one direction's two."""
    onnx = pytest.importorskip(
        "onnx", reason="the package onnx is not installed: pip install 'hiervox[kokoro]'"
    )
    from onnx import helper, numpy_helper

    drawn = np.random.default_rng(0)
    stored = {
        "c_quantized": drawn.integers(0, 255, (3, 2, 5), np.uint8),
        "c_scale": np.float32(0.5),
        "c_zero": np.uint8(128),
        "l_quantized": drawn.integers(-100, 100, (2, 3), np.int8),
        "l_scale": np.array([0.1, 0.2, 0.3], np.float32),
        "l_zero": np.zeros(3, np.int8),
        "encoder.text_encoder.embedding.weight_quantized": drawn.integers(-100, 100, (4, 2), np.int8),
        "encoder.text_encoder.embedding.weight_scale": np.float32(0.25),
        "e_zero": np.int8(3),
        "encoder.predictor.F0.0.conv1.bias": np.ones(3, np.float32),
        "w": drawn.integers(-100, 100, (2, 3, 8), np.int8),
        "r": drawn.integers(-100, 100, (2, 2, 8), np.int8),
        "b": drawn.normal(size=(2, 16)).astype(np.float32),
        "s": np.array([0.5, 0.25], np.float32),
        "z": np.zeros(2, np.int8),
    }
    make = helper.make_node
    nodes = [
        make("ConvInteger", ["x", "c_quantized", "xz", "c_zero"], ["y"], "/encoder/F0.0/conv1/Conv_quant"),
        *(
            make(
                "MatMulInteger",
                ["x", "l_quantized", "xz", "l_zero"],
                [f"m{end}"],
                f"/encoder/bert/q{end}/MatMul_quant",
            )
            for end in ("", "_1")
        ),
        make("Gather", ["encoder.text_encoder.embedding.weight_quantized", "t"], ["g"], "/encoder/g"),
        make(
            "DequantizeLinear",
            ["g", "encoder.text_encoder.embedding.weight_scale", "e_zero"],
            ["d"],
            "/encoder/d",
        ),
        make(
            "DynamicQuantizeLSTM",
            ["x", "w", "r", "b", "", "", "", "", "s", "z", "s", "z"],
            ["h"],
            "/encoder/shared/LSTM_quant",
            domain="com.microsoft",
        ),
    ]
    initialisers = [numpy_helper.from_array(np.asarray(array), name) for name, array in stored.items()]
    graph = helper.make_graph(nodes, "export", [], [], initialisers)
    onnx.save(helper.make_model(graph), tmp_path / "model_int8.onnx")
    found = export.read_weights(tmp_path / "model_int8.onnx")
    conv = (stored["c_quantized"].astype(np.float32) - 128) * 0.5
    np.testing.assert_allclose(found["predictor.F0.0.conv1.weight"], conv)
    assert torch.equal(found["predictor.F0.0.conv1.bias"], torch.ones(3)) and "bert.q_1.weight" not in found
    np.testing.assert_allclose(found["bert.q.weight"], (stored["l_quantized"] * stored["l_scale"]).T)
    embedding = (stored["encoder.text_encoder.embedding.weight_quantized"].astype(np.float32) - 3) * 0.25
    np.testing.assert_allclose(found["text_encoder.embedding.weight"], embedding)
    gates = (stored["w"].astype(np.float32) * stored["s"][:, None, None])[1].T.reshape(4, 2, 3)
    torchs = found["predictor.shared.weight_ih_l0_reverse"].reshape(4, 2, 3)
    np.testing.assert_allclose(torchs, gates[[0, 2, 3, 1]])  # i o f c, of which torch has i f g o
    assert found["predictor.shared.bias_hh_l0"].shape == (8,)
