"""Recorded passes of the synthesizer and of text-to-vec: few shapes, and the values of passes as they are.

Graphs of a GPU are stood in for by passes that count as one operation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import _disable_current_modes

from hiervox.models.tts._hierarchy import windowed
from hiervox.models.tts._hierarchy.windowed import WindowSizes
from hiervox.models.tts.hierspeechpp import replacements
from hiervox.models.tts.hierspeechpp.lite.networks.synthesizer import LiteSynthesizer
from hiervox.modules.functional.masking import sequence_mask
from hiervox.modules.kernels.graphs import BUCKET, PASSES_BEFORE, Bucketed
from hiervox.modules.kernels.prepare import record_passes
from hiervox.utils.operations import counted, note_kernel
from tests.models.tts.hierspeechpp.lite.tiny import SPECTRAL, lite_synthesizer
from tests.models.tts.hierspeechpp.networks.test_text_to_vec import tiny_model

GENERATORS: dict[str, dict[str, Any]] = {"amp": {}, "istft": {"generator": SPECTRAL}}
assert replacements  # whose import registers what is recorded


class Graph:
    """A pass that counts as one operation beside the copies of what goes in and out."""

    made: ClassVar[list[tuple[int, ...]]] = []

    def __init__(self, run: Any, inputs: Sequence[Tensor | None]) -> None:
        self._run = run
        self.made.append(tuple(next(entry for entry in inputs if entry is not None).shape))

    def __call__(self, *inputs: Tensor | None) -> Any:
        held = [None if entry is None else entry.clone() for entry in inputs]
        note_kernel("graph")
        with _disable_current_modes():
            output = self._run(*held)
        return output.clone() if isinstance(output, Tensor) else tuple(entry.clone() for entry in output)


@pytest.fixture(autouse=True)
def several_windows_to_a_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windowed, "CPU_PASSES", windowed.GPU_PASSES)
    Graph.made.clear()


@pytest.fixture(params=GENERATORS)
def network(request: pytest.FixtureRequest) -> LiteSynthesizer:
    torch.manual_seed(0)
    network = LiteSynthesizer(lite_synthesizer(**GENERATORS[request.param])).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return network


def spoken(network: LiteSynthesizer, frames: int) -> Tensor:
    """The waveform of an utterance, which its length decides."""
    generator = torch.Generator().manual_seed(frames)
    semantic = torch.randn(1, 6, frames, generator=generator)
    log_f0 = 5 + 0.1 * torch.randn(1, 1, 4 * frames, generator=generator)
    style = torch.randn(1, 8, 1, generator=generator)
    return network.infer(semantic, log_f0, style, noise_scale=0.3, generator=generator)


@torch.no_grad()
def test_the_synthesizer_speaks_as_before_and_records_few_shapes(network: LiteSynthesizer) -> None:
    lengths = (90, 97, 110, 120, 127)
    expected = [spoken(network, frames) for frames in lengths]
    record_passes(network, Graph, "cpu")
    network.window_sizes = WindowSizes(20, 100, filled=True)
    for _ in range(PASSES_BEFORE + 1):
        made = [spoken(network, frames) for frames in lengths]
    for before, now in zip(expected, made, strict=True):
        torch.testing.assert_close(now, before, atol=2e-5, rtol=0)
    recorded = len(Graph.made)
    assert 6 <= recorded <= 9
    assert spoken(network, 101).shape == (1, 1, 320 * 101)
    assert len(Graph.made) == recorded  # another length, and no other shape


@torch.no_grad()
def test_four_seconds_start_few_operations(network: LiteSynthesizer) -> None:
    with counted() as before:
        spoken(network, 200)
    record_passes(network, Graph, "cpu")
    for _ in range(PASSES_BEFORE + 2):
        spoken(network, 200)
    with counted() as now:
        spoken(network, 200)
    assert now.started["graph"] == 9  # prior, two flows, four windows of the source, halves of the generator
    assert now.count <= min(170, 0.4 * before.count)


@torch.no_grad()
def test_text_to_vec_speaks_as_before() -> None:
    network = tiny_model()
    tokens, lengths = torch.randint(1, 178, (1, 21)), torch.tensor([21])
    style = torch.randn(1, network.config.style_channels, 1)
    expected = network.infer(tokens, lengths, style, noise_scale=0.0, duration_noise_scale=0.0)
    assert expected.semantic.shape[2] % BUCKET
    record_passes(network, Graph, "cpu")
    for _ in range(PASSES_BEFORE + 2):
        made = network.infer(tokens, lengths, style, noise_scale=0.0, duration_noise_scale=0.0)
    assert len(Graph.made) == 3
    torch.testing.assert_close(made.semantic, expected.semantic, atol=2e-5, rtol=0)
    torch.testing.assert_close(made.log_f0, expected.log_f0, atol=2e-5, rtol=0)


def test_a_bucket_is_padded_by_each_inputs_rate_and_cropped() -> None:
    seen: list[tuple[int, ...]] = []

    def run(x: Tensor, fine: Tensor, mask: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
        seen.extend(tuple(entry.shape) for entry in (x, fine, mask, style))
        return x * mask, fine * mask.repeat_interleave(4, dim=2)

    layer = Bucketed(run, (1, 4, 1, 0), multiple=8)
    x, fine, mask = torch.randn(2, 3, 11), torch.randn(2, 1, 44), sequence_mask(torch.tensor([11, 5]))
    coarse, dense = layer(x, fine, mask, torch.zeros(2, 4, 1))
    assert seen == [(2, 3, 16), (2, 1, 64), (2, 1, 16), (2, 4, 1)]
    assert torch.equal(coarse, x * mask) and torch.equal(dense, fine * mask.repeat_interleave(4, dim=2))


def test_a_network_without_a_rule_is_recorded_as_a_whole() -> None:
    layer = record_passes(nn.Conv1d(1, 1, 3).eval(), Graph, "cpu")
    with torch.no_grad():
        for _ in range(PASSES_BEFORE + 1):
            layer(torch.zeros(1, 1, 9))
    assert Graph.made == [(1, 1, 9)]
