"""Tests of `hiervox.modules.discriminators.multi_resolution_stft`."""

from __future__ import annotations

import torch

from hiervox.modules.discriminators.multi_resolution_stft import (
    MultiResolutionSTFTConfig,
    MultiResolutionSTFTDiscriminator,
    STFTDiscriminator,
)
from tests.modules.discriminators.checks import check_outputs


def test_shapes_and_gradients() -> None:
    config = MultiResolutionSTFTConfig(window_lengths=(128, 64), channels=4)
    shapes = check_outputs(MultiResolutionSTFTDiscriminator(config), 2, 512)
    # (512 - 128) / 32 + 1 frames of 65 bins, which three layers halve.
    assert shapes[0] == [(2, 4, 13, bins) for bins in (65, 33, 17, 9, 9)] + [(2, 1, 13, 9)]
    assert shapes[1][0] == (2, 4, 29, 33)


def test_input_is_the_window_normalised_complex_spectrogram() -> None:
    discriminator = STFTDiscriminator(64, MultiResolutionSTFTConfig(channels=2))
    seen = []
    discriminator.stack.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    wav = torch.randn(1, 1, 200)
    discriminator(wav)
    window = torch.hann_window(64)
    expected = torch.stft(wav.squeeze(1), 64, 16, window=window, center=False, return_complex=True)
    expected /= window.square().sum().sqrt()
    torch.testing.assert_close(seen[0][:, 0], expected.real.mT)
    torch.testing.assert_close(seen[0][:, 1], expected.imag.mT)


def test_runs_under_autocast() -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = STFTDiscriminator(64, MultiResolutionSTFTConfig(channels=2))(torch.randn(1, 1, 200)).logits
    assert torch.isfinite(logits.float()).all()
