"""The STFT on a grid of hops."""

from __future__ import annotations

import pytest
import torch

from hiervox.modules.spectral.hop_stft import HopSTFT


@pytest.mark.parametrize(("window_length", "hop_length"), [(320, 80), (16, 8), (15, 5)])
def test_the_inverse_gives_back_every_sample(window_length: int, hop_length: int) -> None:
    wav = torch.randn(2, 7 * hop_length, generator=torch.Generator().manual_seed(0))
    stft = HopSTFT(window_length, hop_length)
    spectrum = stft(wav)
    assert spectrum.shape == (2, stft.bins, 7)
    torch.testing.assert_close(stft.inverse(spectrum), wav, atol=1e-5, rtol=1e-5)


def test_the_transform_is_torchs_with_frames_centred_on_hops() -> None:
    wav = torch.randn(1, 800, generator=torch.Generator().manual_seed(0))
    stft = HopSTFT(320, 80)
    padded = torch.nn.functional.pad(wav, (120, 120))
    expected = torch.stft(padded, 320, 80, window=stft.window, center=False, return_complex=True)
    torch.testing.assert_close(stft(wav), expected, atol=1e-5, rtol=1e-5)


def test_a_stretch_of_frames_gives_the_same_samples_inside() -> None:
    stft = HopSTFT(320, 80)
    spectrum = torch.randn(
        1, stft.bins, 30, dtype=torch.complex64, generator=torch.Generator().manual_seed(0)
    )
    whole = stft.inverse(spectrum)
    kept = slice(10, 20)
    stretch = stft.inverse(spectrum[..., kept.start - stft.context : kept.stop + stft.context])
    inner = stretch[:, 80 * stft.context : -80 * stft.context]
    torch.testing.assert_close(inner, whole[:, 80 * kept.start : 80 * kept.stop])


def test_gradients_agree_with_differences() -> None:
    stft = HopSTFT(8, 4).double()
    wav = torch.randn(1, 12, dtype=torch.double, generator=torch.Generator().manual_seed(0))
    real = torch.randn(1, 5, 3, dtype=torch.double, requires_grad=True)

    def energy(real: torch.Tensor) -> torch.Tensor:
        return (stft.inverse(torch.complex(real, real.flip(2))) * wav).sum()

    assert torch.autograd.gradcheck(energy, (real,))


@pytest.mark.parametrize(("window_length", "hop_length"), [(120, 80), (321, 80)])
def test_windows_that_do_not_fit_the_hop_are_refused(window_length: int, hop_length: int) -> None:
    with pytest.raises(ValueError, match=f"window of {window_length} samples"):
        HopSTFT(window_length, hop_length)
