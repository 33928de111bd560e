"""Pulses and noise."""

from __future__ import annotations

import pytest
import torch

from hiervox.models.tts.hierspeechpp.lite.networks.excitation import NOISE_SAMPLES, HarmonicExcitation

RATE, HOP = 16000, 80


def log_f0(*hertz: float) -> torch.Tensor:
    return torch.tensor(hertz).log1p()[None, None]


@pytest.mark.parametrize("f0", [60.0, 200.0, 437.0])
def test_pulses_have_harmonics_of_one_level_at_multiples_of_f0(f0: float) -> None:
    pulses, _ = HarmonicExcitation(RATE, HOP).eval()(log_f0(*[f0] * 200))
    assert pulses.shape == (1, RATE)
    assert float(pulses.std()) == pytest.approx(1, abs=0.02)
    window = torch.hann_window(RATE)
    spectrum = torch.fft.rfft(pulses[0] * window).abs()  # a bin is 1 Hz
    harmonics = [round(f0 * number) for number in range(1, int(7900 / f0))]
    levels = torch.tensor([float(spectrum[place - 1 : place + 2].max()) for place in harmonics])
    assert float(levels.max() / levels.min()) < 1.3
    between = torch.tensor([float(spectrum[round(place + f0 / 2)]) for place in harmonics])
    assert float(between.max()) < 0.02 * float(levels.min())


def test_phases_run_on_where_f0_changes() -> None:
    pulses, _ = HarmonicExcitation(RATE, HOP).eval()(log_f0(*torch.linspace(100, 150, 100).tolist()))
    middles = (pulses[0] > 0.5 * pulses.max()).nonzero().flatten()
    gaps = middles.diff()
    gaps = gaps[gaps > 20]  # from one pulse to the next
    assert int(gaps.min()) >= RATE / 150 - 6 and int(gaps.max()) <= RATE / 100 + 6
    assert len(gaps) in (61, 62, 63)  # half a second at 125 Hz


def test_there_are_pulses_only_where_there_is_voice() -> None:
    pulses, noise = HarmonicExcitation(RATE, HOP).eval()(log_f0(0.0, 3.0, 100.0, 100.0, 0.0, 0.0))
    assert not pulses[:, : 2 * HOP].any()
    assert pulses[:, 2 * HOP : 4 * HOP].any()
    assert not pulses[:, 4 * HOP :].any()
    assert float(noise.std()) == pytest.approx(1, abs=0.1)


def test_the_same_f0_gives_the_same_excitation_but_in_training() -> None:
    excitation = HarmonicExcitation(RATE, HOP)
    given = log_f0(*[120.0] * 20)
    for first, second in zip(excitation.eval()(given), excitation(given), strict=True):
        assert torch.equal(first, second)
    for first, second in zip(excitation.train()(given), excitation(given), strict=True):
        assert not torch.equal(first, second)


def test_noise_goes_on_after_its_end() -> None:
    frames = NOISE_SAMPLES // HOP + 3
    _, noise = HarmonicExcitation(RATE, HOP).eval()(torch.zeros(1, 1, frames))
    assert torch.equal(noise[:, NOISE_SAMPLES:], noise[:, : frames * HOP - NOISE_SAMPLES])
