"""Tests of `hiervox.models.enhancement.mp_senet.pipeline`."""

from __future__ import annotations

import copy
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from hiervox.models.base.checkpoints.inference import prepared
from hiervox.models.base.pipelines.bundle import load_denoiser
from hiervox.models.enhancement.mp_senet.pipeline import MPSENetPipeline
from hiervox.modules.kernels.fused_conformer import PiecewiseConformer
from hiervox.modules.kernels.packed import PackedConvolution2d, PackedUpsampling2d
from hiervox.processors.audio import Waveform
from hiervox.utils.errors import AudioError, CheckpointError
from tests.models.enhancement.mp_senet.tiny_mp_senet import tiny_network, write_tiny_mp_senet

RATE = 16_000


def _noise(samples: int) -> Waveform:
    return np.random.default_rng(0).normal(0, 0.1, samples).astype(np.float32)


def _pipeline(window: int = 8_000, fade: int = 800) -> MPSENetPipeline:
    pipeline = MPSENetPipeline(tiny_network())
    pipeline.window, pipeline.fade = window, fade
    return pipeline


@pytest.mark.parametrize("samples", [1, 99, 300, 7_999, 8_000, 8_001, 15_250, 40_000])
def test_output_has_the_length_of_the_recording(samples: int) -> None:
    clean, rate = _pipeline().enhance(_noise(samples), RATE)
    assert rate == RATE
    assert clean.shape == (samples,) and clean.dtype == np.float32
    assert np.isfinite(clean).all()


@pytest.mark.parametrize("samples", [100, 8_000, 8_100, 15_200, 15_300, 40_000, 1_000_000])
def test_windows_cover_all_and_overlap(samples: int) -> None:
    pipeline = _pipeline()
    windows = pipeline._windows(samples)
    assert windows[0][0] == 0 and windows[-1][1] == samples
    lengths = {stop - start for start, stop in windows}
    assert len(lengths) == 1 and max(lengths) <= pipeline.window
    for (_, stop), (start, _) in pairwise(windows):
        assert stop - start >= pipeline.fade
    assert len(windows) == max(1, -(-(samples - pipeline.fade) // (pipeline.window - pipeline.fade)))


def test_windows_of_a_network_that_changes_nothing_give_the_recording_back() -> None:
    pipeline = _pipeline()
    pipeline._pass = lambda noisy: noisy  # type: ignore[method-assign]
    wav = _noise(30_050)
    np.testing.assert_allclose(pipeline.enhance(wav, RATE)[0], wav, atol=1e-6)


def test_the_network_never_sees_more_than_a_window_and_results_fade() -> None:
    pipeline = _pipeline()
    seen: list[int] = []

    def constant(noisy: Waveform) -> Waveform:
        seen.append(noisy.size)
        return np.full_like(noisy, len(seen))

    pipeline._pass = constant  # type: ignore[method-assign]
    joined = np.concatenate(list(pipeline._joined([_noise(22_000)], 22_000)))
    assert len(seen) == 3 and max(seen) <= pipeline.window
    assert joined[0] == 1 and joined[-1] == 3
    steps = np.diff(joined)
    assert (steps >= 0).all() and steps.max() < 2 / pipeline.fade
    assert (steps > 0).sum() <= 2 * pipeline.fade


def test_a_file_in_chunks_is_cleaned_as_a_whole(tmp_path: Path, monkeypatch) -> None:
    """Blocks that the reading cuts otherwise than the windows, at another rate, give the same samples."""
    monkeypatch.setattr("hiervox.processors.audio.reading.BLOCK", 3_001)
    monkeypatch.setattr("hiervox.models.enhancement.mp_senet.pipeline.BLOCK", 5_000)
    soundfile.write(tmp_path / "noisy.wav", _noise(44_123), RATE, subtype="FLOAT")
    chunks = list(_pipeline().enhance_stream(tmp_path / "noisy.wav"))
    assert len(chunks) > 4 and max(chunk.size for chunk in chunks) <= 8_000
    np.testing.assert_array_equal(np.concatenate(chunks), _pipeline().enhance(_noise(44_123), RATE)[0])


def test_a_short_recording_goes_through_the_network_once() -> None:
    wav = _noise(8_000)
    narrow, wide = _pipeline(), _pipeline(window=80_000, fade=8_000)
    np.testing.assert_array_equal(narrow.enhance(wav, RATE)[0], wide.enhance(wav, RATE)[0])


def test_the_level_does_not_matter_to_the_network() -> None:
    """The phase of a loud and a quiet one is the same, and so is the mask."""
    wav = _noise(8_000)
    pipeline = _pipeline()
    np.testing.assert_allclose(
        pipeline.enhance(wav / 16, RATE)[0] * 16, pipeline.enhance(wav, RATE)[0], atol=1e-5
    )


def test_silence_stays_silent() -> None:
    assert not _pipeline().enhance(np.zeros(20_000, np.float32), RATE)[0].any()


def test_other_rates_are_resampled() -> None:
    clean, rate = _pipeline().enhance(_noise(24_000), 48_000)
    assert (clean.size, rate) == (8_000, RATE)


def test_a_reversed_recording_is_one_too() -> None:
    wav = _noise(4_000)[::-1]
    np.testing.assert_array_equal(_pipeline().enhance(wav, RATE)[0], _pipeline().enhance(wav.copy(), RATE)[0])


@pytest.mark.parametrize("wav", [np.zeros((2, 100)), np.zeros(0), np.array([0.0, np.nan])])
def test_what_is_no_waveform_is_refused(wav: np.ndarray) -> None:
    with pytest.raises(AudioError):
        _pipeline().enhance(wav.astype(np.float32), RATE)


def test_a_bundle_holds_a_denoiser(tmp_path: Path) -> None:
    write_tiny_mp_senet(tmp_path / "mp_senet")
    wav = _noise(4_000)
    denoiser = load_denoiser(tmp_path)
    assert denoiser.rate == RATE
    np.testing.assert_allclose(denoiser.enhance(wav, RATE)[0], _pipeline().enhance(wav, RATE)[0], atol=1e-5)


def test_a_bundle_without_one_says_so(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no network for enhancement"):
        load_denoiser(tmp_path)


def test_a_network_prepared_for_the_cpu_agrees() -> None:
    network = tiny_network()
    plain, wav = MPSENetPipeline(copy.deepcopy(network)), _noise(12_000)
    prepared(network, "mp_senet")
    for module in network.modules():
        if isinstance(module, PiecewiseConformer):
            module.cells = 70  # several pieces, the last one shorter
    expected = plain.enhance(wav, RATE)[0]
    actual = MPSENetPipeline(network).enhance(wav, RATE)[0]
    np.testing.assert_allclose(actual, expected, atol=2e-5 * expected.std())


def test_a_loaded_one_is_prepared(tmp_path: Path) -> None:
    write_tiny_mp_senet(tmp_path / "mp_senet")
    network = MPSENetPipeline.load(tmp_path / "mp_senet").network
    assert isinstance(network.blocks[0].over_time, PiecewiseConformer)
    assert isinstance(network.encoder.dense.layers[1].convolution, PackedConvolution2d)
    assert isinstance(network.phase_decoder.doubling.convolution, PackedUpsampling2d)
