"""Every system in bfloat16: sound that stays near float32's, or a line that refuses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

import hiervox
from hiervox.bins.outputs import record_path
from hiervox.models.base.pipelines.precision import PRECISIONS, computing_in, opened_in, require_precision
from hiervox.models.base.registry import SYSTEMS
from hiervox.processors.audio import write_audio
from hiervox.utils.errors import ConfigError
from hiervox.utils.json_files import read_json
from tests.command_line import mistake, run
from tests.models.test_broken_weights import RATE, WAV, WRITERS, uses
from tests.models.tts.hierspeechpp.tiny_bundle import write_tiny_bundle

CPU = torch.device("cpu")


def _amplitudes(wav: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.abs(np.fft.rfft(wav, axis=0))


@pytest.mark.parametrize("name", WRITERS)
def test_every_system_computes_in_bfloat16_or_says_that_it_does_not(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    WRITERS[name](folder)
    if SYSTEMS[name].float32_only:
        with pytest.raises(ConfigError, match=f"{name} computes in float32 alone: leave bf16 out"):
            hiervox.load(folder, device="cpu", precision="bf16")
        return
    plain, low = (
        uses(name, hiervox.load(folder, device="cpu", precision=each)) for each in ("float32", "bf16")
    )
    for exact, rounded in zip(plain, low, strict=True):
        expected, made = exact(), rounded()
        assert made.dtype == expected.dtype and np.isfinite(made).all()
        if made.shape != expected.shape:  # of random weights, a rounded frame more or less for each token
            assert abs(len(made) - len(expected)) <= len(expected) / 3
            continue
        difference = _amplitudes(made) - _amplitudes(expected)
        assert np.linalg.norm(difference) <= 0.5 * np.linalg.norm(_amplitudes(expected))
    assert not torch.is_autocast_enabled("cpu")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_bundle(tmp_path_factory.mktemp("precision") / "tiny")


def test_layers_hold_bfloat16_and_pitch_stays_in_float32(bundle: Path) -> None:
    pipeline = hiervox.load(bundle, device="cpu", precision="bf16")
    pipeline.tts("Hello there.", (WAV, RATE))
    networks = pipeline.synthesizer.networks
    layers = [part for part in networks.synthesizer.modules() if isinstance(part, (nn.Conv1d, nn.Linear))]
    assert layers and {layer.weight.dtype for layer in layers} == {torch.bfloat16}
    text_to_vec, mask = networks.text_to_vec, torch.ones(1, 1, 5)
    semantic = torch.randn(1, text_to_vec.config.semantic_channels, 5, dtype=torch.bfloat16)
    style = torch.randn(1, text_to_vec.config.style_channels, 1, dtype=torch.bfloat16)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        assert text_to_vec.pitch_predictor(semantic, mask, style).dtype == torch.float32


def test_a_stream_computes_in_its_precision_and_the_caller_in_its_own(bundle: Path) -> None:
    pipeline = hiervox.load(bundle, device="cpu", precision="bf16")
    for chunk in pipeline.tts_stream("Hello there. And once more.", (WAV, RATE)):
        assert not torch.is_autocast_enabled("cpu")
        assert chunk.dtype == np.float32


class Toy:
    """Notes under what it is called."""

    def __init__(self) -> None:
        self.closed = False

    def both(self) -> tuple[int, Iterator[bool]]:
        """A value and a stream."""
        return 3, self._stream()

    def _stream(self) -> Iterator[bool]:
        try:
            while True:
                yield torch.is_autocast_enabled("cpu")
        finally:
            self.closed = True


def test_streams_within_a_result_are_resumed_and_closed() -> None:
    toy = opened_in("bf16", CPU, SYSTEMS["vits"], Toy)
    number, stream = toy.both()
    assert (number, next(stream), next(stream)) == (3, True, True)
    stream.close()  # type: ignore[attr-defined]
    assert toy.closed
    assert not next(opened_in("float32", CPU, SYSTEMS["vits"], Toy).both()[1])
    with torch.autocast("cpu", torch.bfloat16):  # a model that another one uses
        assert next(opened_in(None, CPU, SYSTEMS["vits"], Toy).both()[1])
        assert not next(opened_in(None, CPU, SYSTEMS["encodec"], Toy).both()[1])


def test_torch_is_set_as_before_behind_a_precision() -> None:
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = matmul.allow_tf32, cudnn.allow_tf32
    for precision, allowed in (("tf32", True), ("float32", False), ("bf16", False)):
        with pytest.raises(ZeroDivisionError), computing_in(precision, CPU):
            assert (matmul.allow_tf32, cudnn.allow_tf32) == (allowed, allowed)
            assert torch.is_autocast_enabled("cpu") == (precision == "bf16")
            raise ZeroDivisionError
        assert (matmul.allow_tf32, cudnn.allow_tf32) == before


def test_an_older_gpu_has_no_tf32(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = torch.device("cuda")
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: False)
    for capability, refused in (((7, 5), ("tf32", "bf16")), ((9, 0), ("bf16",))):
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device, found=capability: found)
        for precision in PRECISIONS:
            if precision in refused:
                with pytest.raises(ConfigError, match=f"cuda does not compute in {precision}"):
                    require_precision(precision, gpu)
            else:
                require_precision(precision, gpu)


@pytest.mark.parametrize(
    ("precision", "line"),
    [("tf32", "cpu does not compute in tf32: use float32"), ("bf17", "did you mean 'bf16'")],
)
def test_what_a_device_lacks_is_refused(bundle: Path, precision: Any, line: str) -> None:
    with pytest.raises(ConfigError, match=line):
        hiervox.load(bundle, device="cpu", precision=precision)


def test_the_command_line_takes_it_and_the_record_says_so(bundle: Path, tmp_path: Path) -> None:
    recording, out = tmp_path / "low.wav", tmp_path / "wide.wav"
    write_audio(recording, WAV, RATE)
    asked = ["sr", str(recording), "--rate", "24000", "--model", str(bundle), "--out", str(out)]
    assert "tf32" in mistake(*asked, "--device", "cpu", "--precision", "tf32") and not out.exists()
    run(*asked, "--device", "cpu", "--precision", "bf16")
    assert read_json(record_path(out))["precision"] == "bf16"
    run(*asked, "--device", "cpu", "--overwrite")
    assert "precision" not in read_json(record_path(out))
