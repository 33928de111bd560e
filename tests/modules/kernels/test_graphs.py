"""Which passes are recorded, kept and played; recordings of a GPU are stood in for by plain ones."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

from hiervox.modules.kernels.graphs import (
    MOST_GRAPHS,
    PASSES_BEFORE,
    CudaRecording,
    RecordedForward,
    Recording,
    record_passes,
)

Made = list[tuple[int, ...]]


def _forward(made: Made, error: float = 0.0) -> tuple[RecordedForward, nn.Module]:
    layer = nn.Conv1d(1, 2, 3, padding=1).eval()

    class Played:
        def __init__(self, run: object, inputs: Sequence[Tensor]) -> None:
            made.append(tuple(inputs[0].shape))

        def __call__(self, *inputs: Tensor) -> Tensor:
            return layer(*inputs) + error  # type: ignore[no-any-return]

    def record(run: object, inputs: Sequence[Tensor]) -> Recording:
        return Played(run, inputs)

    return RecordedForward(layer.forward, record, "cpu"), layer


@torch.no_grad()
def test_a_shape_that_comes_again_is_recorded_once_and_played() -> None:
    made: Made = []
    forward, layer = _forward(made)
    for count in range(PASSES_BEFORE + 4):
        x = torch.randn(1, 1, 16)
        assert torch.equal(forward(x), layer(x))
        assert len(made) == (count >= PASSES_BEFORE)


@torch.no_grad()
def test_the_least_used_of_many_shapes_goes() -> None:
    made: Made = []
    forward, _ = _forward(made)
    for length in range(4, 4 + MOST_GRAPHS + 1):
        for _ in range(PASSES_BEFORE + 1):
            forward(torch.zeros(1, 1, length))
    assert len(made) == MOST_GRAPHS + 1
    forward(torch.randn(1, 1, 4 + MOST_GRAPHS))
    assert len(made) == MOST_GRAPHS + 1  # still there
    for _ in range(PASSES_BEFORE + 1):
        forward(torch.zeros(1, 1, 4))
    assert len(made) == MOST_GRAPHS + 2  # it had gone
    assert len(forward._recordings) == MOST_GRAPHS


def test_nothing_is_recorded_with_gradients_and_each_number_type_alone() -> None:
    made: Made = []
    forward, _ = _forward(made)
    for _ in range(PASSES_BEFORE + 2):
        assert forward(torch.zeros(1, 1, 8)).requires_grad
    assert made == []
    for count in range(1, PASSES_BEFORE + 3):
        with torch.no_grad():
            assert forward(torch.zeros(1, 1, 8)).dtype == torch.float32
            with torch.autocast("cpu", dtype=torch.bfloat16):
                assert forward(torch.zeros(1, 1, 8)).dtype == torch.bfloat16
        assert len(made) == (2 if count > PASSES_BEFORE else 0)


@torch.no_grad()
def test_a_recording_that_disagrees_or_fails_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    made: Made = []
    forward, layer = _forward(made, error=0.5)
    for _ in range(PASSES_BEFORE + 3):
        x = torch.randn(1, 1, 16)
        assert torch.equal(forward(x), layer(x))
    assert len(made) == 1
    assert caplog.text.count("no graph can be recorded (it differs by") == 1
    without_gpu = RecordedForward(layer.forward, CudaRecording, "cpu")
    for _ in range(PASSES_BEFORE + 2):
        x = torch.randn(1, 1, 16)
        assert torch.equal(without_gpu(x), layer(x))


@torch.no_grad()
def test_on_a_cpu_a_network_computes_as_before() -> None:
    layer = nn.Conv1d(1, 2, 3).eval()
    x = torch.randn(1, 1, 16)
    expected = layer(x)
    assert torch.equal(record_passes(layer)(x), expected)
