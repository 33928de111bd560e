from __future__ import annotations

from pathlib import Path

import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import load_file

from hiervox.processors.spectrogram import SpectrogramConfig, linear_spectrogram, log_mel
from tests.golden import TOLERANCE, relative_error

SPEECHSR = SpectrogramConfig(
    sample_rate=24000, n_fft=960, win_length=960, hop_length=240, n_mels=100, f_max=12000
)


def noise(samples: int = 8000) -> torch.Tensor:
    return 0.1 * torch.randn(2, samples, generator=torch.Generator().manual_seed(0))


def test_agrees_with_the_published_features(shared: Path) -> None:
    golden = load_file(shared / "parity" / "official" / "real_audio.safetensors")
    config = SpectrogramConfig()
    assert relative_error(log_mel(golden["wav"], config), golden["log_mel"]) < TOLERANCE
    magnitude = linear_spectrogram(golden["wav"], config)
    assert relative_error(magnitude, golden["linear_spec_magnitude"]) < TOLERANCE


@pytest.mark.parametrize("config", [SpectrogramConfig(), SPEECHSR])
def test_shapes_and_the_frequency_axis(config: SpectrogramConfig) -> None:
    samples = 20 * config.hop_length + 7
    hertz = 1000.0
    wav = torch.sin(2 * torch.pi * hertz / config.sample_rate * torch.arange(samples))[None]
    magnitude, mel = linear_spectrogram(wav, config), log_mel(wav, config)
    assert magnitude.shape == (1, config.n_bins, 20)
    assert mel.shape == (1, config.n_mels, 20)
    assert (magnitude[0, :, 5:15].argmax(dim=0) == round(hertz * config.n_fft / config.sample_rate)).all()
    scale = 2595 * torch.log10(1 + torch.tensor([hertz, config.f_max]) / 700)  # HTK's mel scale
    expected = float(scale[0] / scale[1]) * (config.n_mels + 1) - 1
    assert (mel[0, :, 5:15].argmax(dim=0) - expected).abs().max() <= 1


def test_silence_is_the_floor_and_has_finite_gradients() -> None:
    wav = torch.zeros(1, 4000, requires_grad=True)
    mel, magnitude = log_mel(wav, SpectrogramConfig()), linear_spectrogram(wav, SpectrogramConfig())
    assert torch.allclose(mel, torch.tensor(1e-3).log())
    (mel.sum() + magnitude.sum()).backward()
    assert wav.grad is not None and torch.isfinite(wav.grad).all()


def test_gradient_points_towards_the_target() -> None:
    target = log_mel(noise(), SpectrogramConfig())
    wav = (0.5 * noise()).requires_grad_()
    loss = (log_mel(wav, SpectrogramConfig()) - target).abs().mean()
    loss.backward()
    assert wav.grad is not None
    stepped = wav.detach() - 0.01 * wav.grad / wav.grad.norm()
    assert (log_mel(stepped, SpectrogramConfig()) - target).abs().mean() < loss


def test_autocast_does_not_coarsen_it() -> None:
    plain = log_mel(noise(), SpectrogramConfig())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        cast = log_mel(noise(), SpectrogramConfig())
    assert cast.dtype == torch.float32 and torch.equal(cast, plain)


def test_a_filterbank_first_used_for_inference_serves_training() -> None:
    config = SpectrogramConfig(n_mels=79)  # no other test has cached it
    with torch.inference_mode():
        log_mel(noise(), config)
    wav = noise().requires_grad_()
    log_mel(wav, config).sum().backward()
    assert wav.grad is not None


def test_refuses_impossible_sizes() -> None:
    with pytest.raises(ValueError, match="too few"):
        log_mel(noise(640), SpectrogramConfig())
    with pytest.raises(ValidationError, match="f_max"):
        SpectrogramConfig(sample_rate=8000)
    with pytest.raises(ValidationError, match="win_length"):
        SpectrogramConfig(n_fft=1024)


@pytest.mark.parametrize("log", ["ln", "log10", "decibel"])
def test_no_sound_at_full_scale_is_over_the_loudest(log: str) -> None:
    for config in (
        SpectrogramConfig(log=log),
        SpectrogramConfig(log=log, window_norm=True, mel_norm="slaney"),
    ):
        square = torch.sign(torch.sin(torch.arange(16000) * 0.05))[None]
        full = torch.cat([square, torch.ones(1, 8000), torch.sign(noise(8000)[:1])], dim=1)
        largest = float(log_mel(full, config).max())
        assert largest <= config.loudest
        assert largest > config.loudest - {"ln": 6, "log10": 3, "decibel": 0.5}[log]
