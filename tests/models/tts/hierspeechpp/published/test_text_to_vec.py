from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from hiervox.models.tts.hierspeechpp.networks.text_to_vec import TextToVec
from hiervox.models.tts.hierspeechpp.published.text_to_vec import import_text_to_vec
from hiervox.models.tts.hierspeechpp.ttv_config import TextToVecConfig
from hiervox.utils.errors import CheckpointError
from tests.golden import TOLERANCE, Golden, relative_error

PUBLISHED_CONFIG = {"model": {"inter_channels": 256, "hidden_channels": 256, "n_layers": 6}}


def published_state(shared: Path) -> dict[str, Tensor]:
    return Golden(shared / "parity" / "official", "hierspeechpp_ttv").state_dict()


@pytest.fixture(scope="module")
def golden(shared: Path) -> dict[str, Tensor]:
    return load_file(shared / "parity" / "official" / "hierspeechpp_ttv.safetensors")


@pytest.fixture(scope="module")
def model(shared: Path) -> TextToVec:
    config, weights = import_text_to_vec(published_state(shared), PUBLISHED_CONFIG)
    assert config == TextToVecConfig()
    model = TextToVec(config)
    model.load_state_dict(weights)
    return model.eval()


def test_style_text_and_durations_agree(model: TextToVec, golden: dict[str, Tensor]) -> None:
    mask = torch.ones(1, 1, golden["tokens"].size(1))
    with torch.no_grad():
        style = model.style(golden["prompt_mel"])
        hidden, mean, log_std = model.text_encoder(golden["tokens"], mask, style[:1])
        log_durations = model.duration_predictor.sample(hidden, mask, style[:1], noise_scale=0.0)
    assert relative_error(style.squeeze(2), golden["style"]) < TOLERANCE
    assert relative_error(hidden, golden["text_hidden"]) < TOLERANCE
    assert relative_error(mean, golden["prior_mean"]) < TOLERANCE
    assert relative_error(log_std, golden["prior_logs"]) < TOLERANCE
    assert relative_error(log_durations, golden["log_duration"]) < TOLERANCE


def test_posterior_and_flow_agree(model: TextToVec, golden: dict[str, Tensor]) -> None:
    mask = torch.ones(1, 1, golden["w2v"].size(2))
    with torch.no_grad():
        style = model.style(golden["prompt_mel"][:1])
        mean, log_std = model.posterior_encoder(golden["w2v"], mask, style)
        flowed = model.flow(mean, mask, style)
        back = model.flow(flowed, mask, style, reverse=True)
    assert relative_error(mean, golden["posterior_mean"]) < TOLERANCE
    assert relative_error(log_std, golden["posterior_logs"]) < TOLERANCE
    assert relative_error(flowed, golden["flow_of_mean"]) < TOLERANCE
    assert relative_error(back, mean) < TOLERANCE


@pytest.mark.parametrize("ratio", [0.0, 0.8])
def test_inference_agrees(model: TextToVec, golden: dict[str, Tensor], ratio: float) -> None:
    tokens = golden["tokens"]
    with torch.no_grad():
        noisy, denoised = model.style(golden["prompt_mel"]).split(1)
    style = (1 - ratio) * noisy + ratio * denoised
    result = model.infer(
        tokens, torch.tensor([tokens.size(1)]), style, noise_scale=0.0, duration_noise_scale=0.0
    )
    assert relative_error(result.semantic, golden[f"w2v_denoise_{ratio}"]) < TOLERANCE
    assert relative_error(result.log_f0, golden[f"log_f0_denoise_{ratio}"]) < TOLERANCE


def test_another_models_weights_are_refused() -> None:
    with pytest.raises(CheckpointError, match="not the config and weights"):
        import_text_to_vec({"conv_pre.weight": torch.zeros(1)}, PUBLISHED_CONFIG)
    with pytest.raises(CheckpointError, match="missing"):
        import_text_to_vec({"enc_p.emb.weight": torch.zeros(178, 256)}, PUBLISHED_CONFIG)
