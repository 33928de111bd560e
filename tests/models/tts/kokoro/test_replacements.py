"""Tests of `hiervox.models.tts.kokoro.replacements`."""

from __future__ import annotations

import copy

import pytest
import torch

from hiervox.models.tts.kokoro import replacements
from hiervox.models.tts.kokoro.networks.adaptive import AdaptiveSnakeBlock, SnakeInstanceNorm
from hiervox.modules.kernels.prepare import prepare_for_inference


def _norm(channels: int) -> SnakeInstanceNorm:
    torch.manual_seed(0)
    norm = SnakeInstanceNorm(channels, 6).eval()
    torch.nn.init.uniform_(norm.snake.alpha, 0.1, 4)
    torch.nn.init.normal_(norm.norm.norm.weight)
    torch.nn.init.normal_(norm.norm.norm.bias)
    return norm


@pytest.mark.parametrize("samples", [2, 127, 1000, 5000])
@torch.inference_mode()
def test_norm_and_snake_in_compiled_passes_agree(samples: int) -> None:
    norm = _norm(20)
    x, style = 3 * torch.randn(1, 20, samples) + 50, torch.randn(1, 6)
    fused = prepare_for_inference(copy.deepcopy(norm))
    assert isinstance(fused, replacements.FusedSnakeNorm)
    exact = norm.double()(x.double(), style.double())
    assert (fused(x, style) - exact).abs().max() < 1e-4 * exact.std()


@torch.inference_mode()
def test_a_block_agrees_and_keeps_channels_side_by_side() -> None:
    block = AdaptiveSnakeBlock(16, 3, (1, 3), 6).eval()
    x, style = torch.randn(1, 16, 700), torch.randn(1, 6)
    expected = block(x, style)
    y = prepare_for_inference(copy.deepcopy(block))(x.mT.contiguous().mT, style)
    assert y.mT.is_contiguous()
    torch.testing.assert_close(y, expected, atol=1e-4, rtol=1e-4)


def test_without_a_compiler_norms_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replacements, "passes", lambda: None)
    norm = _norm(4)
    assert prepare_for_inference(norm) is norm
