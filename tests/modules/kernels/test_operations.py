"""How many operations an inference pass starts before and after it is prepared, counted on a CPU.

Weights stay in PyTorch's layout, as on a GPU; a fused activation counts as the one kernel that it is.
"""

from __future__ import annotations

import pytest
import torch
from torch import nn

from hiervox.models.base.benchmark.networks import workloads_of
from hiervox.models.base.benchmark.training import experiment_of
from hiervox.models.base.benchmark.workload import Size
from hiervox.models.base.checkpoints.inference import prepared
from hiervox.models.base.registry import get_part
from hiervox.modules.activations.alias_free import AliasFreeActivation
from hiervox.modules.activations.snake import SnakeBeta
from hiervox.modules.kernels.instance_norm import SingleNorm
from hiervox.modules.kernels.prepare import prepare_for_inference
from hiervox.utils.operations import Operations, counted
from hiervox.utils.registry import resolve

PASSES = {
    ("speechsr", "speechsr24"): (660, 150),
    ("hifigan", "v1"): (300, 250),
    ("bigvgan", "base"): (1250, 320),
    ("hierspeechpp", "synthesizer"): (3300, 1620),
    ("hierspeechpp", "text_to_vec"): (1450, 1390),
}
"""(system, workload) → the most operations of half a second as the paper writes it, and prepared."""
WAITS = {"text_to_vec": 1}
"""Workload → values that are read back, as the dispatcher sees them: whether durations are possible."""


@pytest.mark.parametrize(("system", "name"), PASSES)
def test_a_prepared_pass_starts_fewer_operations(system: str, name: str) -> None:
    written, ready = _passes(system, name)
    most, most_prepared = PASSES[system, name]
    assert 0.8 * most < written.count <= most
    assert 0.8 * most_prepared < ready.count <= most_prepared
    assert ready.waits.total() == WAITS.get(name, 0)


@torch.no_grad()
def test_a_prepared_pass_of_mp_senet_starts_fewer_operations() -> None:
    """On no device, as what is put in on a CPU is not what a GPU gets."""
    experiment = experiment_of("mp_senet", "mp_senet", {})
    network = resolve(get_part("mp_senet", "mp_senet").network)(experiment.model).to("meta").eval()  # type: ignore[attr-defined]
    spectrum = torch.empty(1, network.config.n_fft // 2 + 1, 81, device="meta")
    counts = []
    for _ in range(2):
        with counted() as operations:
            network(spectrum, spectrum)
        counts.append(operations.count)
        assert not operations.waits
        network = prepared(network, "mp_senet")
    assert counts[0] <= 470 and counts[1] <= counts[0] - 32


@torch.no_grad()
def test_an_instance_norm_is_one_operation() -> None:
    norm = nn.InstanceNorm2d(6, affine=True).eval()
    for parameter in norm.parameters():
        nn.init.normal_(parameter)
    x = torch.randn(2, 6, 5, 7)
    assert torch.allclose(SingleNorm(norm)(x), norm(x), atol=1e-5)
    with counted() as operations:
        SingleNorm(norm)(x)
    assert operations.count == 1


def test_coefficients_of_a_fused_activation_are_computed_once() -> None:
    with torch.no_grad():
        fused = prepare_for_inference(AliasFreeActivation(SnakeBeta(4)).eval())
        x = torch.randn(1, 4, 32)
        fused(x)
        with counted() as operations:
            fused(x)
    assert operations.started["alias_free_snake"] == 1
    assert not operations.started.keys() & {"exp", "add", "reciprocal"}


@torch.no_grad()
def _passes(system: str, name: str) -> tuple[Operations, Operations]:
    workload = workloads_of(system)[name]
    experiment = experiment_of(system, workload.part, workload.experiment)
    network = resolve(get_part(system, workload.part).network)(experiment.model).eval()  # type: ignore[attr-defined]
    found = []
    for prepares in (False, True):
        if prepares:
            network = prepare_for_inference(network, exact=True, plain=True)
        run = workload.prepare(network, Size(seconds=0.5))
        run()
        with counted() as operations:
            run()
        found.append(operations)
    return found[0], found[1]
