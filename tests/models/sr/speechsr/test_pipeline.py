"""Tests of `hiervox.models.sr.speechsr.pipeline`."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch

from hiervox.models.base.checkpoints.checkpoint import save_weights
from hiervox.models.sr.speechsr.config import SpeechSRConfig
from hiervox.models.sr.speechsr.networks.speechsr import SpeechSR
from hiervox.models.sr.speechsr.pipeline import SpeechSRPipeline
from hiervox.processors.audio import resample
from hiervox.utils.errors import AudioError, CheckpointError


def _network(rate: int) -> SpeechSR:
    torch.manual_seed(3)
    return SpeechSR(
        SpeechSRConfig(rate=rate, channels=4, kernel_sizes=(3, 7), dilations=((1, 3), (1, 5)))  # type: ignore[arg-type]
    )


def _noise(samples: int) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.2, samples).astype(np.float32)


@pytest.mark.parametrize("rate", [24_000, 48_000])
@pytest.mark.parametrize("samples", [1, 2, 299, 1000, 1234])
def test_windows_give_what_one_pass_gives(rate: int, samples: int) -> None:
    network = _network(rate)
    pipeline = SpeechSRPipeline(network)
    pipeline.window = 300
    wav = _noise(samples)
    padded = torch.from_numpy(np.pad(wav, (0, samples % 2))).double().view(1, 1, -1)
    with (
        torch.no_grad()
    ):  # in float64: in float32, interpolation rounds its positions by their distance from 0
        whole = deepcopy(network).double()(padded).view(-1)[: samples * rate // 16_000].numpy()
    raised, out_rate = pipeline.upsample(wav, 16_000)
    assert out_rate == rate
    assert raised.shape == whole.shape
    np.testing.assert_allclose(raised, whole, atol=2e-5)


@pytest.mark.parametrize("rate", [24_000, 48_000])
def test_context_is_neither_short_nor_long(rate: int) -> None:
    network = _network(rate).eval()
    wav = torch.randn(1, 1, 400, requires_grad=True)
    middle = 200 * rate // 16_000
    network(wav)[0, 0, middle].backward()
    assert wav.grad is not None
    reached = torch.nonzero(wav.grad[0, 0]).flatten()
    receptive_field = max(200 - int(reached.min()), int(reached.max()) - 200)
    # The filters' outermost taps are exactly needed on one side only.
    assert network.context - 6 <= receptive_field <= network.context


def test_input_of_another_rate_is_resampled() -> None:
    pipeline = SpeechSRPipeline(_network(24_000))
    wav = _noise(2205)
    np.testing.assert_array_equal(
        pipeline.upsample(wav, 22_050)[0], pipeline.upsample(resample(wav, 22_050, 16_000), 16_000)[0]
    )
    assert pipeline.rate == 24_000


@pytest.mark.parametrize("wav", [np.zeros(0), np.zeros((2, 5)), np.array([0.0, np.nan])])
def test_unusable_waveforms_are_refused(wav: np.ndarray) -> None:
    with pytest.raises(AudioError):
        SpeechSRPipeline(_network(24_000)).upsample(wav.astype(np.float32), 16_000)


def _save(folder: Path, network: SpeechSR) -> None:
    folder.mkdir()
    tree = {"system": "speechsr", "part": "speechsr", "model": network.config.model_dump(mode="json")}
    save_weights(folder, network.state_dict(), tree)


def test_loads_a_checkpoint_folder(tmp_path: Path) -> None:
    network = _network(48_000)
    _save(tmp_path / "speechsr48", network)
    pipeline = SpeechSRPipeline.load(tmp_path / "speechsr48")
    wav = _noise(500)
    np.testing.assert_allclose(
        pipeline.upsample(wav, 16_000)[0], SpeechSRPipeline(network).upsample(wav, 16_000)[0], atol=1e-6
    )
    assert pipeline.rate == 48_000


def test_rate_is_in_the_checkpoint(tmp_path: Path) -> None:
    _save(tmp_path / "a", _network(48_000))
    assert json.loads((tmp_path / "a" / "config.json").read_text())["model"]["rate"] == 48_000
    with pytest.raises(CheckpointError):
        SpeechSRPipeline.load(tmp_path / "nothing")


@pytest.mark.parametrize("rate", [24_000, 48_000])
@pytest.mark.parametrize("size", [1, 33, 640, 5000])
def test_a_stream_is_the_whole_whatever_its_chunks(rate: int, size: int) -> None:
    pipeline = SpeechSRPipeline(_network(rate))
    pipeline.window = 300
    wav = _noise(1235)
    stream = pipeline.stream()
    pieces = [stream.push(wav[first : first + size]) for first in range(0, wav.size, size)]
    if size == 640:
        assert 0 < pieces[0].size < 640 * rate // 16_000  # it does not wait for the end
    whole, _ = pipeline.upsample(wav, 16_000)
    np.testing.assert_allclose(np.concatenate([*pieces, stream.finish()]), whole, atol=2e-5)


@pytest.mark.parametrize(("samples", "passes"), [(250, 1), (300, 1), (301, 2), (1234, 5)])
def test_a_whole_recording_takes_no_pass_for_its_end_alone(
    samples: int, passes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = SpeechSRPipeline(_network(24_000))
    pipeline.window = 300
    lengths: list[int] = []
    upsample_pass = pipeline.upsample_pass

    def counted(low: torch.Tensor) -> np.ndarray:
        lengths.append(len(low))
        return upsample_pass(low)

    monkeypatch.setattr(pipeline, "upsample_pass", counted)
    wav = _noise(samples)
    whole, _ = pipeline.upsample(wav, 16_000)
    assert len(lengths) == passes
    stream = pipeline.stream()
    np.testing.assert_allclose(whole, np.concatenate([stream.push(wav), stream.finish()]), atol=2e-5)
