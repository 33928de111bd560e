"""How a hierarchical synthesizer runs: blocks for a CPU, passes that a GPU plays as graphs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import Tensor

from hiervox.models.tts._hierarchy.networks.synthesizer import HierarchicalSynthesizer
from hiervox.models.tts._hierarchy.windowed import RECORDED
from hiervox.modules.activations.alias_free import AliasFreeActivation
from hiervox.modules.flows.coupling_flow import CouplingFlow
from hiervox.modules.kernels.graphs import Bucketed
from hiervox.modules.kernels.rules import Pass, Setting, records, replaces
from hiervox.modules.kernels.shifted_activation import shift_activations


@replaces(HierarchicalSynthesizer)
def _without_compiler(network: HierarchicalSynthesizer, setting: Setting) -> None:
    """Beside a generator without alias-free activations, the few of the source network need no compiler."""
    on_cpu = network.null_style.device.type == "cpu"
    needs_compiler = any(
        isinstance(part, AliasFreeActivation) for part in network.get_submodule("generator").modules()
    )
    if on_cpu and not setting.trains and not needs_compiler:
        shift_activations(network.source)


@records(HierarchicalSynthesizer)
def _record_synthesizer(network: Any, recorded: Callable[[Pass], Pass]) -> None:
    """Prior and flows, which see all of an utterance and follow a mask, in buckets; the rest in windows."""
    prior, generator = network.agnostic_prior, network.generator
    prior.forward = Bucketed(recorded(prior.forward), (1, network.config.pitch_ratio, 1, 0))
    flows: list[Any] = [module for module in network.children() if isinstance(module, CouplingFlow)]
    for flow in flows:
        flow.forward = reversible(flow.forward, recorded)
    network.window_sizes = RECORDED
    network.source.forward = recorded(network.source.forward)
    generator.backbone = recorded(generator.backbone)
    generator.waveform = recorded(generator.waveform)


def reversible(forward: Pass, recorded: Callable[[Pass], Pass]) -> Pass:
    """The pass of a flow whose way back, (z, mask, style), is recorded."""
    back = Bucketed(recorded(partial(forward, reverse=True)), (1, 1, 0))

    def both(z: Tensor, mask: Tensor, style: Tensor, reverse: bool = False) -> Any:
        return back(z, mask, style) if reverse else forward(z, mask, style)

    return both
